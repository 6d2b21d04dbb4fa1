"""A shop with few campaigns, or none, has a night all the same: the family says why it stays away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.families.campaign_response import FAMILY
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.sources.example import example_tables

Command = Callable[..., subprocess.CompletedProcess[str]]
NOTHING_TO_DO = 99


@pytest.fixture(scope="module", params=["two campaigns", "no campaigns"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this kind of shop lives."""
    return tmp_path_factory.mktemp(kind.replace(" ", "_"))


@pytest.fixture(scope="module")
def command(kind: str, folder: Path) -> Command:
    """Run one command line on the example export, with or without its campaigns."""
    (folder / "export").mkdir()
    for name, text in example_tables().items():
        if kind == "two campaigns" or not name.startswith("campaign"):
            (folder / "export" / f"{name}.csv").write_text(text, encoding="utf-8")
    environment = {
        **os.environ,
        "NIGHTMARKET_SOURCE": "files",
        "NIGHTMARKET_SOURCE_PATH": str(folder / "export"),
        "NIGHTMARKET_VAR_DIR": str(folder / "var"),
        "NIGHTMARKET_CURRENCY": "EUR",
        "NIGHTMARKET_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "nightmarket.cli", *arguments]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def night(command: Command) -> dict[str, Any]:
    """Land and transform the shop; returns what `land` said."""
    landed = command("land")
    assert landed.returncode == 0, landed.stderr
    said: dict[str, Any] = json.loads(landed.stdout.splitlines()[-1])
    for step in ("embed", "transform"):
        done = command(step, "--as-of", said["as_of_date"], "--snapshot", said["snapshot_id"])
        assert done.returncode == 0, done.stderr
    return said


def _step(command: Command, night: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    return command(*arguments, "--as-of", night["as_of_date"], "--snapshot", night["snapshot_id"])


def test_training_has_nothing_to_do_and_says_why(command: Command, night: dict[str, Any]) -> None:
    done = _step(command, night, "train", FAMILY.name, "--if-needed")
    assert done.returncode == NOTHING_TO_DO, done.stderr
    assert "train campaign_response: nothing to do. Got " in done.stderr
    assert "starts of campaigns that were over before" in done.stderr


def test_an_empty_table_of_the_right_layout_is_staged_with_the_reason(
    command: Command, night: dict[str, Any], kind: str, folder: Path
) -> None:
    done = _step(command, night, "score", FAMILY.name)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["rows"], said["model_version"]) == (0, "none")
    assert said["not_scored"].startswith("Got no passed version of campaign_response")
    assert (said["n_rows_left_out"] > 0) == (kind == "two campaigns")
    staged = Night(Settings(var_dir=folder / "var"), date.fromisoformat(night["as_of_date"]), night["snapshot_id"])
    with duckdb.connect() as connection:
        found = connection.execute("describe from read_parquet(?)", [str(staged.staged_path(FAMILY.score_table))])
        types = {name: type_name for name, type_name, *_ in found.fetchall()}
    assert types == {column.name: column.type for column in FAMILY.table.columns}


def test_the_border_of_features_reports_it_as_not_provided(command: Command, night: dict[str, Any], kind: str) -> None:
    done = _step(command, night, "check", "features")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert ("campaign_response" in said["not_provided"]) == (kind == "no campaigns")
