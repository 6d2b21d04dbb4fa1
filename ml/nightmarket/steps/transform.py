"""Build features, and the training origins of families without a model, with one ``dbt build``.

dbt runs as a child that inherits the writer's lock, on the snapshot that this step pinned. A value
in dbt's ``--vars`` is code (it is pasted into SQL), so every one is checked here first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.errors import DateOutsideData, InvalidSetting, TransformFailed
from nightmarket.families import FAMILIES
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.night import Night
from nightmarket.io.registry import find_version
from nightmarket.io.serving import nights_to_measure
from nightmarket.io.warehouse import open_warehouse, pin_snapshot, writer_lock
from nightmarket.modeling.splits import origins_of, windows_of_family
from nightmarket.settings import LIBRARIES_OFFLINE, Settings
from nightmarket.steps import StepResult


def run(settings: Settings, *, as_of: date, snapshot_id: str, for_training: bool = False) -> StepResult:
    """Build ``as_of`` and whatever dates the families without a model (``for_training``: all) must train on.

    Raises
    ------
    TransformFailed
        dbt ended with an error; the message says where and what.
    TrainingRefused
        A family needs training and there is too little history for it.
    DateOutsideData
        There is no order before ``as_of``.
    """
    snapshot = read_snapshot(settings, snapshot_id)
    with writer_lock(settings) as lock:
        first_order_date = _pin(settings, snapshot, as_of)
        origins = _needed_training(settings, Night(settings, as_of, snapshot_id), first_order_date, for_training)
        training_dates = sorted({day for needed in origins.values() for day in needed})
        dates = [as_of, *(day for day in reversed(training_dates) if day != as_of)]
        paired = {day for name, needed in origins.items() if FAMILIES[name].reads_pairs for day in needed}
        pair_dates = [day for day in dates if day == as_of or day in paired]
        outcome_dates = nights_to_measure(settings, as_of, complete_through=snapshot.complete_through)
        variables = dbt_variables(
            snapshot_id=snapshot_id,
            as_of_dates=dates,
            pair_dates=pair_dates,
            complete_through=snapshot.complete_through,
            late_lookback_days=settings.late_lookback_days,
            outcome_dates=outcome_dates,
        )
        results = run_dbt(settings, variables, lock)
        with _connect(settings) as connection:
            rows = {table: _rows_by_date(connection, table, snapshot_id, dates) for table in _stored(connection)}
            eligible = {
                family.feature_view: _rows_by_date(connection, family.feature_view, snapshot_id, dates[:1])
                for family in FAMILIES.values()
                if family.feature_view is not None
            }
    return StepResult(
        rows=sum(sum(counted.values()) for counted in eligible.values()),
        detail={
            "as_of_dates": [day.isoformat() for day in dates],
            "pair_dates": [day.isoformat() for day in pair_dates],
            "training_dates": [day.isoformat() for day in training_dates],
            "outcome_dates": [day.isoformat() for day in outcome_dates],
            "families_to_train": list(origins),
            "n_models": _count(results, "model."),
            "n_tests": _count(results, "test."),
            "warnings": [_name(result) for result in results if result["status"] == "warn"],
            "rows_by_table": rows | eligible,
        },
    )


def dbt_variables(
    *,
    snapshot_id: str,
    as_of_dates: Sequence[date],
    complete_through: date,
    late_lookback_days: int,
    outcome_dates: Sequence[date] = (),
    pair_dates: Sequence[date] | None = None,
) -> dict[str, Any]:
    """Return dbt's variables for a run, each of a form that cannot be anything but what it says.

    Parameters
    ----------
    outcome_dates : published nights of which only the labels are built
    pair_dates : those of ``as_of_dates`` for which customers are paired with what they bought; default: all

    Raises
    ------
    InvalidSetting
        A value is not a snapshot id, a date or a count.
    """
    if not re.fullmatch(r"[0-9a-f]{16}", snapshot_id):
        raise InvalidSetting(
            f"Got snapshot_id={snapshot_id!r} but expected 16 hexadecimal digits. "
            "Use the one `nightmarket land` prints."
        )
    if not as_of_dates:
        raise InvalidSetting("Got no as_of_dates but expected at least the night's. Name it with --as-of.")
    pair_dates = as_of_dates if pair_dates is None else pair_dates
    for day in (*as_of_dates, *pair_dates, *outcome_dates, complete_through):
        if type(day) is not date:
            raise InvalidSetting(f"Got {day!r} but expected a date. Give as_of_dates as dates.")
    if type(late_lookback_days) is not int or late_lookback_days < 0:
        raise InvalidSetting(
            f"Got late_lookback_days={late_lookback_days!r} but expected a whole number of days, 0 or more. "
            "Set it in the environment or in .env."
        )
    return {
        "snapshot_id": snapshot_id,
        "as_of_dates": [day.isoformat() for day in as_of_dates],
        "pair_dates": [day.isoformat() for day in pair_dates],
        "outcome_dates": [day.isoformat() for day in outcome_dates],
        "complete_through": complete_through.isoformat(),
        "late_lookback_days": late_lookback_days,
    }


def dbt_command(settings: Settings, subcommand: str, variables: dict[str, Any], *arguments: str) -> list[str]:
    """Return the command line of one dbt run; everything it writes goes below ``var/dbt``."""
    project = settings.project_dir / "dbt_project"
    target = settings.var_dir / "dbt" / "target"
    return [
        str(Path(sys.executable).with_name("dbt")),
        *("--log-path", str(settings.var_dir / "dbt" / "logs")),
        *("--no-send-anonymous-usage-stats", "--no-version-check", "--no-use-colors", "--quiet"),
        subcommand,
        *("--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target)),
        *("--threads", str(settings.threads), "--vars", json.dumps(variables), *arguments),
    ]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a dbt run: this process's, and what ``profiles.yml`` reads."""
    return {
        **os.environ,
        **LIBRARIES_OFFLINE,
        "NIGHTMARKET_DBT_WAREHOUSE": str(settings.warehouse_path),
        "NIGHTMARKET_DBT_THREADS": str(settings.threads),
        "NIGHTMARKET_DBT_MEMORY": settings.warehouse_memory,
        "NIGHTMARKET_DBT_SPILL": str(settings.var_dir / "spill"),
    }


def _needed_training(
    settings: Settings, night: Night, first_order_date: date, for_training: bool
) -> dict[str, tuple[date, ...]]:
    """Return the families that must train, with the origins that are built for each."""
    as_of, encoder_key = night.as_of_date, night.read("embed")["encoder_key"]
    families = [
        name
        for name, family in FAMILIES.items()
        if for_training or find_version(settings, name, as_of, inputs_key=family.inputs_key(encoder_key)) is None
    ]
    # Rows with cuts of their own stand in the rows of the night: there is nothing more to build for them.
    return {
        name: origins_of(windows_of_family(FAMILIES[name], as_of, first_order_date))
        if FAMILIES[name].cut_column is None
        else ()
        for name in families
    }


def _stored(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the tables of features and labels that are kept by date: their rows are recorded with the night."""
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where schema_name in ('features', 'labels') order by 1"
    ).fetchall()
    return [name for (name,) in found]


def _connect(settings: Settings) -> Any:
    """Open the warehouse to read; the caller holds the writer's lock already."""
    return open_warehouse(settings)


def _pin(settings: Settings, snapshot: Snapshot, as_of: date) -> date:
    """Point ``raw.*`` at the snapshot and return the day of its first order before ``as_of``."""
    connection = duckdb.connect(str(settings.warehouse_path), config={"autoinstall_known_extensions": False})
    try:
        pin_snapshot(connection, settings, snapshot)
        row = connection.execute(
            "select min(order_date) from raw.order_lines where order_date < ? and arrived_date < ?", [as_of, as_of]
        ).fetchone()
    finally:
        connection.close()
    if row is None or row[0] is None:
        raise DateOutsideData(
            f"Got as_of_date {as_of} with no order before it, expected a date after the shop's first order. "
            "Choose a later --as-of."
        )
    first: date = row[0]
    return first


def run_dbt(settings: Settings, variables: dict[str, Any], lock: int) -> list[dict[str, Any]]:
    """Build every model in the warehouse of ``settings`` and return dbt's results; the child inherits the lock.

    Raises
    ------
    TransformFailed
        dbt ended with an error.
    """
    target = settings.var_dir / "dbt" / "target"
    log = settings.var_dir / "dbt" / "logs" / "dbt.log"
    results_path = target / "run_results.json"
    results_path.unlink(missing_ok=True)
    command = dbt_command(settings, "build", variables, "--exclude-resource-type", "unit_test")
    ended = subprocess.run(  # noqa: S603 - our own executable, checked arguments
        command, env=dbt_environment(settings), pass_fds=(lock,), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    results: list[dict[str, Any]] = []
    if results_path.exists():
        results = json.loads(results_path.read_text(encoding="utf-8"))["results"]
    if ended.returncode != 0:
        raise TransformFailed(_failure(results, ended.returncode, ended.stdout, log))
    return results


def _failure(results: list[dict[str, Any]], code: int, output: str, log: Path) -> str:
    failed = [result for result in results if result["status"] in {"error", "fail", "runtime error"}]
    if not failed:
        last = "\n".join(output.strip().splitlines()[-5:])
        return f"Got exit code {code} from dbt before it ran a model, expected 0: {last}\nThe whole log is {log}."
    first = failed[0]
    message = " ".join(str(first["message"] or first["status"]).split())
    more = f" ({len(failed) - 1} more failed)" if len(failed) > 1 else ""
    return (
        f"Got {first['status']} in {_name(first)}{more}, expected every model and test to pass: {message} "
        f"Mend it and run this step again; the whole log is {log}."
    )


def _name(result: dict[str, Any]) -> str:
    """Return the readable part of a node's id: what follows its type and package."""
    unique_id: str = result["unique_id"]
    return unique_id.split(".")[2]


def _count(results: list[dict[str, Any]], prefix: str) -> int:
    return sum(result["unique_id"].startswith(prefix) for result in results)


def _rows_by_date(
    connection: duckdb.DuckDBPyConnection, table: str, snapshot_id: str, dates: Sequence[date]
) -> dict[str, int]:
    counted = connection.execute(
        f"select as_of_date, count(*) from {table} "
        "where snapshot_id = ? and as_of_date in (select unnest(?)) group by 1",
        [snapshot_id, list(dates)],
    ).fetchall()
    found = dict(counted)
    return {day.isoformat(): found.get(day, 0) for day in dates}
