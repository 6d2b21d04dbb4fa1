"""``nightmarket evaluate`` as a person runs it: on a landed night, with no other command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.families import get_family
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.evaluations import find_landed
from nightmarket.io.landing import read_snapshot
from nightmarket.settings import Settings
from nightmarket.sources.example import example_tables
from nightmarket.steps.evaluation_origins import plan_cut_offs

Command = Callable[..., subprocess.CompletedProcess[str]]
COPIES = "abc"
"""The example has 40 customers; as many again, and again, are enough to learn from."""


def _grow(name: str, text: str) -> str:
    """Give every customer and order of the example two twins."""
    header, *rows = text.splitlines()
    columns = header.split(",")
    twins = [i for i, column in enumerate(columns) if column in ("customer_id", "order_id", "order_line_id")]
    if "customer_id" not in columns:
        return text
    grown = [header]
    for copy in COPIES:
        for row in rows:
            cells = row.split(",")
            grown.append(",".join(copy + cell if i in twins else cell for i, cell in enumerate(cells)))
    return "\n".join(grown) + "\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("shop")
    export = folder / "export"
    export.mkdir()
    for name, text in example_tables().items():
        (export / f"{name}.csv").write_text(_grow(name, text), encoding="utf-8")
    return Settings(source="files", source_path=export, var_dir=folder / "var", currency="EUR", threads=1)


@pytest.fixture(scope="module")
def command(settings: Settings) -> Command:
    """Run one command line of the project."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nightmarket.cli", *arguments],
            env={
                **os.environ,
                "NIGHTMARKET_SOURCE": "files",
                "NIGHTMARKET_SOURCE_PATH": str(settings.source_path),
                "NIGHTMARKET_VAR_DIR": str(settings.var_dir),
                "NIGHTMARKET_CURRENCY": "EUR",
                "NIGHTMARKET_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def night(command: Command) -> dict[str, Any]:
    landed = command("land")
    assert landed.returncode == 0, landed.stderr
    record: dict[str, Any] = json.loads(landed.stdout.splitlines()[-1])
    embedded = command("embed", "--as-of", record["as_of_date"], "--snapshot", record["snapshot_id"])
    assert embedded.returncode == 0, embedded.stderr
    return record


@pytest.fixture(scope="module")
def before(settings: Settings, night: dict[str, Any]) -> dict[str, str]:
    """Hash what a night reads: its records and the warehouse."""
    return _hashes(settings)


@pytest.fixture(scope="module")
def evaluated(command: Command, before: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = command("evaluate", "purchase_intent", "--cut-offs", "2", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def line(evaluated: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(evaluated.stdout.splitlines()[-1])
    return found


def _hashes(settings: Settings) -> dict[str, str]:
    paths = [settings.warehouse_path, *settings.nights_dir.rglob("*.json")]
    return {str(path): sha256_of_file(path) for path in paths}


def test_the_newest_landed_night_is_evaluated_without_another_command(night, line):
    assert line["step"] == "evaluate"
    assert (line["as_of_date"], line["snapshot_id"]) == (night["as_of_date"], night["snapshot_id"])
    assert {"average_precision", "roc_auc", "brier", "ece"} <= set(line["metrics"])
    assert {"frequency", "popularity", "recency", "logistic_regression"} <= set(line["baselines"]) | {line["recipe"]}
    assert [one["role"] for one in line["split_dates"]] == ["final", "rolling"]
    assert len(line["seeds"]) == 2


def test_the_table_is_read_before_the_line(evaluated, line):
    assert "final test at" in evaluated.stderr
    assert "frequency" in evaluated.stderr
    assert "lightgbm - text shuffled" in evaluated.stderr


def test_the_results_file_says_how_to_find_it_again(line):
    results = json.loads(Path(line["results_file"]).read_text())
    assert results["formulas"]["brier"]
    assert results["data_sha256"] == line["data_sha256"]
    assert results["code_revision"].startswith("src-")
    assert results["labels_know"] == f"what had arrived before {line['night']}"
    assert results["heads"]["probability"]["final"]["slices"]["regular customers"]["n_positive"] > 0


def test_an_evaluation_moves_nothing_that_a_night_reads(settings, before, evaluated):
    assert _hashes(settings) == before


def test_the_run_is_in_mlflow_with_its_card_and_plots(settings, line):
    folder = next((settings.mlflow_dir / "artifacts").rglob(f"{line['mlflow_run_id']}/artifacts/evaluation"))
    assert {"card.md", "results.json", "probability_reliability.svg", "probability_gains.svg"} == {
        path.name for path in folder.iterdir()
    }


def test_an_earlier_cut_off_stands_on_the_first_night_landed_after_it_and_origins_are_built_once(command, night, line):
    earlier = date.fromisoformat(night["as_of_date"]) - timedelta(days=28)
    done = command("evaluate", "purchase_intent", "--cut-offs", "1", "--seeds", "1", "--as-of", str(earlier))
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout.splitlines()[-1])
    assert (again["as_of_date"], again["night"]) == (str(earlier), night["as_of_date"])
    assert again["metrics"] == line["rolling"][0]["metrics"]
    assert "building" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["purchase_intents"], "Got family 'purchase_intents' but expected one of"),
        (["purchase_intent", "--as-of", "2030-01-01"], "expected a night that was landed and embedded; the newest"),
        (["purchase_intent", "--snapshot", "0" * 16], f"Got snapshot {'0' * 16} but expected a night that was landed"),
        (["purchase_intent", "--as-of", "2024-04-01"], "but expected at least 140"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_what_to_do(command, night, arguments, message):
    done = command("evaluate", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_a_window_that_is_not_closed_is_refused_with_its_last_day(settings, night):
    landed = find_landed(settings, as_of=None, snapshot_id=None)
    snapshot = read_snapshot(settings, landed.snapshot_id)
    late = replace(landed, cut_off=snapshot.complete_through + timedelta(days=8))
    with pytest.raises(TrainingRefused, match=r"but expected closed label windows: those of the final test end on "):
        plan_cut_offs(settings, get_family("purchase_intent"), late, snapshot, n_cut_offs=1)


def test_nothing_is_evaluated_before_anything_is_landed(command, settings, night, tmp_path):
    elsewhere = settings.model_copy(update={"var_dir": tmp_path})
    with pytest.raises(LookupError, match=r"Got no date but expected a night that was landed and embedded; no night"):
        find_landed(elsewhere, as_of=None, snapshot_id=None)


def test_cut_offs_without_enough_history_are_left_out_and_named(settings, night):
    landed = find_landed(settings, as_of=None, snapshot_id=None)
    snapshot = read_snapshot(settings, landed.snapshot_id)
    found, left_out = plan_cut_offs(settings, get_family("purchase_intent"), landed, snapshot, n_cut_offs=5)
    assert len(found) + len(left_out) == 5
    assert all("days of history" in why for why in left_out.values())
    assert left_out


def test_a_training_logs_its_card_beside_the_model_and_keeps_what_its_canaries_say(command, settings, night):
    """Last in this module: it writes what the tests above hold still."""
    here = ("--as-of", night["as_of_date"], "--snapshot", night["snapshot_id"])
    built = command("transform", *here, "--for-training")
    assert built.returncode == 0, built.stderr
    trained = command("train", "purchase_intent", *here)
    assert trained.returncode == 0, trained.stderr
    record = json.loads(trained.stdout.splitlines()[-1])
    run = next((settings.mlflow_dir / "artifacts").rglob(f"{record['mlflow_run_id']}/artifacts"))
    assert {"card.md", "probability_reliability.svg", "probability_gains.svg"} == {
        path.name for path in (run / "card").iterdir()
    }
    kept = json.loads((run / "model" / "evaluation.json").read_text())["canaries"]["probability"]
    assert kept["planted future"]["caught"]
    assert record["reviews"] == kept["reviews"]
