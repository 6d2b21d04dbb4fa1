"""What every DAG file must hold to, so that an operator can trust each of them alike."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nightmarket.decisions import DECISIONS
from nightmarket.families import PREDICTIONS, SERVED_TABLES
from nightmarket_airflow.home import WAREHOUSE_POOL

DAG_FILES = sorted((Path(__file__).resolve().parents[2] / "dags").glob("*.py"))
DAG_IDS = ["nightly", "train"]
SECTIONS = ["What.", "When.", "Reads.", "Writes.", "If it fails.", "Safe to re-run."]
HEAVY = ["lightgbm", "mlflow", "great_expectations", "transformers", "openvino", "duckdb", "dbt", "pandas", "sklearn"]
TASKS_WITHOUT_WAREHOUSE = {"report"}
BEFORE_THE_FAMILIES = ["land", "check_landed", "embed", "transform", "check_features"]
AFTER_THE_FAMILIES = [
    "check_scores",
    "decide_reorder_plan",
    # It never promotes what the plan says cannot be shipped.
    "decide_campaign_targets",
    "check_decisions",
    "publish",
    "report",
]


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
    tasks = dag_bag.dags["nightly"].task_dict
    for before, after in itertools.pairwise(BEFORE_THE_FAMILIES):
        assert tasks[before].downstream_task_ids == {after}
    assert tasks["check_features"].downstream_task_ids == {f"train_{name}" for name in PREDICTIONS}
    assert tasks["check_scores"].upstream_task_ids == {f"score_{name}" for name in PREDICTIONS}
    for before, after in itertools.pairwise(AFTER_THE_FAMILIES):
        assert tasks[before].downstream_task_ids == {after}
    assert len(tasks) == len(BEFORE_THE_FAMILIES) + 2 * len(PREDICTIONS) + len(AFTER_THE_FAMILIES)


def test_every_decision_is_decided(dag_bag: Any) -> None:
    decided = {task for task in dag_bag.dags["nightly"].task_dict if task.startswith("decide_")}
    assert decided == {f"decide_{name}" for name in DECISIONS}


@pytest.mark.parametrize("family", PREDICTIONS)
def test_each_family_is_scored_after_its_own_training_and_waits_for_no_other(dag_bag: Any, family: str) -> None:
    tasks = dag_bag.dags["nightly"].task_dict
    train, score = tasks[f"train_{family}"], tasks[f"score_{family}"]
    assert (train.upstream_task_ids, train.downstream_task_ids) == ({"check_features"}, {score.task_id})
    assert (score.upstream_task_ids, score.downstream_task_ids) == ({train.task_id}, {"check_scores"})
    assert train.command.startswith(f"nightmarket train {family} --if-needed ")
    assert score.command.startswith(f"nightmarket score {family} --as-of ")
    # A training that was not needed is skipped, and the night goes on.
    assert score.trigger_rule == "none_failed"
    assert {asset.name for asset in train.outlets} == {f"models.{family}"}


def test_publishing_announces_every_table(dag_bag: Any) -> None:
    publish = dag_bag.dags["nightly"].task_dict["publish"]
    assert {asset.name for asset in publish.outlets} == set(SERVED_TABLES)


def test_a_training_trains_every_family_on_the_origins_it_asked_for(dag_bag: Any) -> None:
    tasks = dag_bag.dags["train"].task_dict
    assert "--for-training" in tasks["transform"].command
    assert tasks["check_features"].downstream_task_ids == {f"train_{name}" for name in PREDICTIONS}
    assert all("--if-needed" not in tasks[f"train_{name}"].command for name in PREDICTIONS)


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
