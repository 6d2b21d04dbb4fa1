"""What every DAG file must hold to, so that an operator can trust each of them alike."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nightmarket_airflow.home import WAREHOUSE_POOL

DAG_FILES = sorted((Path(__file__).resolve().parents[2] / "dags").glob("*.py"))
DAG_IDS = ["nightly", "train"]
SECTIONS = ["What.", "When.", "Reads.", "Writes.", "If it fails.", "Safe to re-run."]
HEAVY = ["lightgbm", "mlflow", "great_expectations", "transformers", "openvino", "duckdb", "dbt", "pandas", "sklearn"]
TASKS_WITHOUT_WAREHOUSE = {"report"}


def test_the_dag_files_load_and_hold_one_dag_each(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == DAG_IDS == [file.stem for file in DAG_FILES]


def test_parsing_the_dag_files_imports_nothing_heavy(run_python: Any) -> None:
    printed = run_python(
        f"import json, sys, nightly, train; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    )
    assert json.loads(printed.splitlines()[-1]) == []


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_waits_for_its_operator_and_for_itself(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    assert dag.is_paused_upon_creation is True
    assert dag.max_active_runs == 1
    assert dag.catchup is False


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_is_tagged_from_the_enum_only(dag_bag: Any, dag_id: str) -> None:
    from nightmarket_airflow.defaults import Tag

    assert dag_bag.dags[dag_id].tags
    assert dag_bag.dags[dag_id].tags <= {tag.value for tag in Tag}


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_docstring_is_the_operators_manual(dag_bag: Any, dag_id: str) -> None:
    text = dag_bag.dags[dag_id].doc_md
    positions = [text.find(f"**{section}**") for section in SECTIONS]
    assert -1 not in positions
    assert positions == sorted(positions)


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_a_dag_file_reads_in_one_sitting(file: Any) -> None:
    assert len(file.read_text().splitlines()) <= 120


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_is_a_command_line_that_ends_in_time(dag_bag: Any, dag_id: str) -> None:
    for task in dag_bag.dags[dag_id].tasks:
        assert task.command.startswith("nightmarket "), task.task_id
        assert timedelta() < task.execution_timeout <= timedelta(hours=2), task.task_id
        assert task.retries == 2, task.task_id


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_task_that_opens_the_warehouse_takes_the_writers_slot(dag_bag: Any, dag_id: str) -> None:
    for task in dag_bag.dags[dag_id].tasks:
        expected = "default_pool" if task.task_id in TASKS_WITHOUT_WAREHOUSE else WAREHOUSE_POOL
        assert task.pool == expected, task.task_id


def test_the_night_goes_from_the_source_to_the_report(dag_bag: Any) -> None:
    dag = dag_bag.dags["nightly"]
    order = [
        "land", "check_landed", "embed", "transform", "check_features", "train_purchase_intent",
        "score_purchase_intent", "check_scores", "publish", "report",
    ]  # fmt: skip
    for before, after in itertools.pairwise(order):
        assert dag.task_dict[before].downstream_task_ids == {after}
    assert dag.task_dict["score_purchase_intent"].trigger_rule == "none_failed"
    assert {asset.name for asset in dag.task_dict["publish"].outlets} == {"scores.purchase_intent"}


def test_every_step_after_land_names_the_night_and_the_snapshot(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            if task.task_id != "land":
                assert "--as-of {{" in task.command, task.task_id
                assert "--snapshot {{" in task.command, task.task_id


def test_every_command_of_a_dag_exists_with_its_options(dag_bag: Any) -> None:
    import click

    from nightmarket.cli import main

    night = "--as-of 2017-12-01 --snapshot 0123456789abcdef"
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            _, step, *words = task.command.split("{{")[0].split("{%")[0].split()
            arguments = [word for word in words if word not in ("--as-of", "--snapshot")]
            command = main.commands[step]
            given = [] if step == "land" else night.split()
            assert isinstance(command.make_context(step, [*arguments, *given]), click.Context)


@pytest.mark.parametrize("value", ["2017-12-01; touch x", "2017-13-40", "$(id)", "../../etc", "20171201", "{{ ds }}"])
@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_parameter_refuses_what_is_no_date(dag_bag: Any, dag_id: str, value: str) -> None:
    params = dag_bag.dags[dag_id].params
    with pytest.raises(ValueError, match="as_of"):
        params["as_of"] = value
    params["as_of"] = "2017-12-01"
    params["as_of"] = None
