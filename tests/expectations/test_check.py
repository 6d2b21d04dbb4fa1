"""``nightmarket check`` on a tiny shop: verdicts, errors, pages, and nothing else changed."""

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

from nightmarket.errors import CheckFailed, StepMissing
from nightmarket.families import PREDICTIONS
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.serving import StagedTable, publish_night
from nightmarket.quality.tables import TABLES
from nightmarket.steps.check import run

AS_OF = date(2024, 6, 1)


def _check(settings: Any, night: Any, border: str) -> dict[str, Any]:
    return run(settings, border=border, as_of=AS_OF, snapshot_id=night.snapshot_id).detail


def test_a_table_that_is_not_provided_is_never_said_to_have_passed(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    detail = _check(settings, night, "landed")
    assert detail["verdict"] == "passed"
    assert detail["not_provided"] == ["reviews"]
    assert detail["suites"]["landed__reviews"]["status"] == "not provided"
    page = (settings.var_dir / "data_docs" / "2024-06-01" / "landed__reviews.html").read_text()
    assert "not provided" in page
    assert "passed" not in page.replace(".passed", "")


def test_the_features_of_the_night_and_of_its_training_origins_pass(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    detail = _check(settings, night, "features")
    # Each suite sees the rows of its own family, though its queries find them under the same names.
    assert [name for name, one in detail["suites"].items() if one["status"] != "passed"] == []
    assert detail["verdict"] == "passed"
    assert detail["as_of_dates"] == ["2024-06-01", "2024-05-04"]


def test_checked_scores_are_named_by_their_hash(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    detail = _check(settings, night, "scores")
    tables = [table.name for one in PREDICTIONS.values() for table in one.tables]
    assert detail["sha256"] == {table: sha256_of_file(night.staged_path(table)) for table in tables}
    assert (detail["verdict"], detail["warnings"]) == ("passed", [])
    assert detail["suites"]["scores__purchase_intent"]["n_not_applicable"] > 0


def test_a_warning_is_told_and_stops_nothing(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("update features.ftr_purchase_intent set customer__coupon_pct_84d = 101")
    detail = _check(settings, night, "features")
    assert (detail["verdict"], detail["n_failed_warn"]) == ("warned", 1)
    assert "customer__coupon_pct_84d" in detail["warnings"][0]


def test_a_failed_stop_names_table_expectation_observed_why_and_page(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    staged = night.staged_path("scores.purchase_intent")
    with duckdb.connect() as connection:
        connection.execute(f"create table s as from '{staged}'; update s set probability = 7 where customer_id = 'c1'")
        connection.execute(f"copy s to '{staged}'")
    before = sha256_of_file(staged), sha256_of_file(settings.warehouse_path)
    with pytest.raises(CheckFailed) as stopped:
        _check(settings, night, "scores")
    text = str(stopped.value)
    assert "Got 1 failed expectation at the border 'scores' but expected every `stop` to hold" in text
    assert "scores__purchase_intent: expected every probability known, finite and between 0 and 1" in text
    assert "observed 1 offending: probability 7.0, n_rows 4" in text
    assert "Why: Anything else is no probability" in text
    page = settings.var_dir / "data_docs" / "2024-06-01" / "scores__purchase_intent.html"
    assert str(page) in text
    assert "probability 7.0" in page.read_text()
    assert (sha256_of_file(staged), sha256_of_file(settings.warehouse_path)) == before


def test_an_expectation_that_cannot_be_evaluated_has_failed(shop: Any, suite_called: Callable[..., Any]) -> None:
    shop.corrupt("drop table labels.lbl_purchase_intent")
    failed = shop.check(suite_called("features__purchase_intent")).with_status("failed")
    assert [one.severity for one in failed] == ["warn"]
    assert "could not be evaluated" in failed[0].observed


def test_a_border_whose_step_did_not_run_is_refused(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    night.forget("transform")
    with pytest.raises(StepMissing, match="Got no result of `transform`"):
        _check(settings, night, "features")


def test_the_pages_are_whole_in_themselves_and_link_each_other(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    checked = ("landed", "features", "scores")
    for border in checked:
        _check(settings, night, border)
    root = settings.var_dir / "data_docs"
    pages = list(root.rglob("*.html"))
    n_tables = sum(len(TABLES[border]) for border in checked)
    assert len(pages) == n_tables + len(["of the night", "of all nights"])
    for page in pages:
        text = page.read_text()
        assert "http" not in text
        assert "<script" not in text
        for link in [part.split('"')[0] for part in text.split('href="')[1:]]:
            assert (page.parent / link).exists(), f"{page.name} links {link}"


def test_a_new_attempt_removes_what_an_earlier_one_said_of_later_borders(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    folder = settings.var_dir / "data_docs" / "2024-06-01"
    for border in ("landed", "features", "scores", "features"):
        _check(settings, night, border)
    assert sorted(path.stem for path in folder.glob("*.json")) == ["features", "landed"]
    assert not list(folder.glob("scores__*.html"))
    assert "scores__" not in (folder / "index.html").read_text()


def test_the_pages_of_a_night_are_of_one_snapshot(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    folder = settings.var_dir / "data_docs" / "2024-06-01"
    _check(settings, night, "landed")
    landed = json.loads((folder / "landed.json").read_text())
    assert landed["snapshot_id"] == night.snapshot_id
    (folder / "landed.json").write_text(json.dumps({**landed, "snapshot_id": "another"}))
    _check(settings, night, "features")
    assert sorted(path.stem for path in folder.glob("*.json")) == ["features"]


def test_the_same_check_says_the_same_twice(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    assert _check(settings, night, "scores") == _check(settings, night, "scores")


_NO_NETWORK = """
import socket, sys
def refuse(*a, **k): raise AssertionError(f"a check reached for the network: {a}")
for name in ("connect", "connect_ex", "sendto"): setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
from nightmarket.cli import main
main(sys.argv[1:])
"""


def test_a_check_opens_no_socket_and_prints_one_line_of_json(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    arguments = ["check", "landed", "--as-of", "2024-06-01", "--snapshot", night.snapshot_id]
    environment = {**os.environ, "NIGHTMARKET_VAR_DIR": str(settings.var_dir)}
    done = subprocess.run(
        [sys.executable, "-c", _NO_NETWORK, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["verdict"] == "passed"
    assert Path(json.loads(done.stdout)["data_docs"]).exists()


def test_scores_are_compared_with_the_newest_published_night_before(tiny_var: Callable[[], Any]) -> None:
    settings, night = tiny_var()
    yesterday = settings.var_dir / "yesterday.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table s as from '{night.staged_path('scores.purchase_intent')}'")
        connection.execute(f"update s set as_of_date = '2024-05-31', probability = 0.9; copy s to '{yesterday}'")
    publish_night(
        settings,
        as_of=date(2024, 5, 31),
        snapshot_id="yesterday",
        staged={
            "scores.purchase_intent": StagedTable(
                path=yesterday,
                sha256=sha256_of_file(yesterday),
                family="purchase_intent",
                run_id="feedfeedfeedfeed",
                model_version="purchase_intent/1/frequency",
                recipe="frequency",
                code_revision=None,
                hashes={},
            )
        },
        verdict="passed",
        checks={},
        steps={},
    )
    detail = _check(settings, night, "scores")
    assert detail["verdict"] == "warned"
    assert "a population stability index against the night before of at most 0.25" in detail["warnings"][0]
    assert "previous_night 2024-05-31" in detail["warnings"][0]
