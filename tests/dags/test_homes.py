"""Two Airflows and one warehouse: who may run when, and who may read what."""

from __future__ import annotations

import contextlib
import json
import socket
import stat
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from nightmarket.settings import Settings
from nightmarket_airflow import up
from nightmarket_airflow.home import AlreadyRunning, airflow_environment, airflow_home, only_one
from nightmarket_airflow.inprocess import NightUnreadable, read_night
from nightmarket_airflow.progress import Progress


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return airflow_home(Settings(var_dir=tmp_path, _env_file=None), "inprocess")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_night_at_the_same_time_is_refused(home: Path) -> None:
    with (
        only_one(home, "`make nightly`"),
        pytest.raises(AlreadyRunning, match=r"Got `make nightly` while process \d+ is already .* only writer"),
        only_one(home, "`make nightly`"),
    ):
        pytest.fail("both ran")
    with only_one(home, "`make nightly`"):
        pass


def test_secrets_are_long_made_once_and_for_their_owner_only(home: Path) -> None:
    secret = up.secret_file(home / "jwt.secret", n_bytes=96)
    assert len(secret.encode()) >= 64
    assert up.secret_file(home / "jwt.secret", n_bytes=96) == secret
    password = up.password_file(home / "passwords.json")
    assert json.loads((home / "passwords.json").read_text()) == {up.USER: password}
    assert len(password) >= 16
    assert [_mode(home), _mode(home / "jwt.secret"), _mode(home / "passwords.json")] == [0o700, 0o600, 0o600]


def test_nothing_listens_beyond_this_machine(home: Path) -> None:
    environment = up.up_environment(home, 8080)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8080"
    assert len(environment["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64


def test_airflow_tells_nobody_that_it_runs(home: Path) -> None:
    environment = airflow_environment(home)
    assert environment["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_taken_port_is_refused_with_another_to_try() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with pytest.raises(up.PortTaken, match=rf"Got port {port} .* make up AIRFLOW_PORT={port + 10}"):
            up.refuse_taken_port(port, "AIRFLOW_PORT")


def test_a_night_is_read_as_a_date_and_nothing_else() -> None:
    assert read_night("2017-12-01") == date(2017, 12, 1)
    for text in ("20171201", "2017-13-01", "yesterday", "2017-12-01; id", ""):
        with pytest.raises(NightUnreadable, match="expected a date such as 2017-12-01"):
            read_night(text)


def test_in_a_pipe_the_progress_is_one_line_per_task(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        progress = Progress(["land", "embed"], Console(file=file), lambda: tmp_path)
        with progress:
            progress.started("land", "nightmarket land")
            progress.printed("land", "reading")
            progress.ended("land", "success", {"rows": 1234, "source": "files", "seconds": 0.5}, "")
            progress.started("embed", "nightmarket embed")
            progress.ended("embed", "failed", {}, "EncoderUnusable: Got no folder.\nSet it.")
    land, embed = (tmp_path / "out").read_text().splitlines()
    assert land.split() == ["✓", "land", "done", "0.0", "s", "1,234", "rows", "files"]
    assert embed.startswith("✗ embed")
    assert embed.endswith("EncoderUnusable: Got no folder. Set it.")
    assert (tmp_path / "01_land.log").read_text() == "$ nightmarket land\nreading\n"
