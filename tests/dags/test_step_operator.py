"""A task is a command line: what its exit code, its words and its death mean to Airflow."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("dag_bag")  # Airflow is set up before its first import

CONTEXT: Any = {"dag_run": SimpleNamespace(run_id="by_hand"), "outlet_events": {}}


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., Any]:
    """Build a task whose program is a shell script; ``run`` runs it as Airflow would, without a database."""

    def build(script: str, **arguments: Any) -> Any:
        from nightmarket_airflow.operator import StepOperator

        program = tmp_path / "nightmarket"
        program.write_text("#!/bin/sh\n" + textwrap.dedent(script))
        program.chmod(0o755)
        task = StepOperator(task_id="embed", command="nightmarket embed", bin_dir=tmp_path, **arguments)
        return SimpleNamespace(task=task, run=lambda: task.execute.__wrapped__(task, CONTEXT))

    return build


def test_the_result_is_the_json_line_even_with_noise_after_it(step: Callable[..., Any]) -> None:
    result = step("""echo working >&2; echo '{"rows": 3, "seconds": 0.1}'; echo bye >&2""").run()
    assert result == {"rows": 3, "seconds": 0.1}


def test_a_refusal_is_not_retried_and_says_what_the_command_said(step: Callable[..., Any]) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=r"\ACheckFailed: Got 0 rows but expected 1\.\nDo this\.\Z"):
        step("echo progress; echo 'CheckFailed: Got 0 rows but expected 1.' >&2; echo 'Do this.' >&2; exit 2").run()


@pytest.mark.parametrize("code", [1, 75, 137])
def test_any_other_end_may_be_retried(step: Callable[..., Any], code: int) -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    with pytest.raises(AirflowException, match=f"exit code {code}") as caught:
        step(f"exit {code}").run()
    assert not isinstance(caught.value, AirflowFailException)


def test_nothing_to_do_is_a_skip(step: Callable[..., Any]) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException):
        step("exit 99").run()


def test_an_end_without_a_result_fails(step: Callable[..., Any]) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="Got no JSON line from `embed`"):
        step("exit 0").run()


def test_a_step_sees_little_of_the_environment(step: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "not for steps")
    monkeypatch.setenv("NIGHTMARKET_SOURCE", "files")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    seen = step("""printf '{"names": "%s"}\\n' "$(env | cut -d= -f1 | tr '\\n' ' ')" """).run()["names"].split()
    assert {"PATH", "NIGHTMARKET_SOURCE", "MLFLOW_DISABLE_TELEMETRY", "AIRFLOW_CTX_DAG_RUN_ID"} <= set(seen)
    assert not {"AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW_HOME", "PYTHONDONTWRITEBYTECODE"} & set(seen)


def test_a_step_that_is_stopped_takes_its_children_along(step: Callable[..., Any], tmp_path: Path) -> None:
    from nightmarket_airflow import operator

    built = step(f"sleep 300 & echo $! > {tmp_path}/child; echo '{{}}'; wait")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            built.run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < operator.GRACE_SECONDS
    assert not _is_running(int((tmp_path / "child").read_text()))


def _is_running(pid: int) -> bool:
    for _ in range(20):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(pid, 0)
            if "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
                time.sleep(0.1)
                continue
        return False
    return True


@pytest.mark.parametrize(
    "command",
    [
        "nightmarket land --as-of 2017-12-01;id",
        "nightmarket land --as-of $(id)",
        "nightmarket embed --as-of 2017-12-01 --snapshot ../../etc/passwd",
        "nightmarket embed --as-of 2017-12-01 --snapshot 0123456789abcde",
        "nightmarket land --as-of None",
        "nightmarket",
        "sh -c id",
    ],
)
def test_a_hostile_command_is_refused_before_anything_starts(command: str) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from nightmarket_airflow.operator import parse_command

    with pytest.raises(AirflowFailException, match=r"Got .* but expected"):
        parse_command(command)


def test_airflow_retries_a_busy_warehouse_and_nothing_else(tmp_path: Path, run_python: Callable[[str], str]) -> None:
    (tmp_path / "nightmarket").write_text('#!/bin/sh\nexit "$2"\n')
    (tmp_path / "nightmarket").chmod(0o755)
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "exit_codes.py").write_text(
        textwrap.dedent(
            f"""
            from datetime import timedelta
            from pathlib import Path
            from airflow.sdk import dag
            from nightmarket_airflow.operator import StepOperator

            @dag(dag_id="exit_codes", schedule=None)
            def exit_codes():
                for code in (2, 75, 99):
                    StepOperator(
                        task_id=f"ends_with_{{code}}", command=f"nightmarket step {{code}}",
                        bin_dir=Path({str(tmp_path)!r}), retries=1, retry_delay=timedelta(0),
                    )

            exit_codes_dag = exit_codes()
            """
        )
    )
    printed = run_python(
        f"""
import json, os, sys
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = {str(dags)!r}
sys.path.insert(0, {str(dags)!r})
from airflow.utils.db import initdb
initdb()
import exit_codes
run = exit_codes.exit_codes_dag.test()
print(json.dumps({{t.task_id: [t.state, t.try_number] for t in run.get_task_instances()}}))
"""
    )
    assert json.loads(printed.splitlines()[-1]) == {
        "ends_with_2": ["failed", 1],
        "ends_with_75": ["failed", 2],
        "ends_with_99": ["skipped", 1],
    }
