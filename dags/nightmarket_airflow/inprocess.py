"""`make nightly`: run the real DAG ``nightly`` in this process, without a scheduler.

It is Airflow's own ``dag.test()`` on SQLite, so what runs here is what a scheduler runs: the same
tasks, templates, skips and trigger rules. Pools do not count there, so the AIRFLOW_HOME is locked
instead; retries are off, because somebody is watching.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
import traceback
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console

from nightmarket.errors import NightmarketError
from nightmarket.families import FAMILIES, SERVED_TABLES
from nightmarket.settings import Settings, load_settings
from nightmarket_airflow.home import adopt_environment, airflow_home, only_one
from nightmarket_airflow.progress import Progress

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


class _Stopped(BaseException):
    """A task failed. Not an ``Exception``, so that it leaves ``dag.test()`` (see ``_stop``)."""


class NightUnreadable(NightmarketError, ValueError):
    """``AS_OF`` is not a date."""


class _Night:
    """The log folder of one run; it takes the night's name once `land` says which night it is."""

    def __init__(self, settings: Settings, as_of: date | None) -> None:
        self._logs = settings.var_dir / "logs"
        self._stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self.folder = self._logs / (as_of.isoformat() if as_of else "not_landed") / self._stamp
        self.folder.mkdir(parents=True, exist_ok=True)

    def name_after(self, as_of: str) -> None:
        target = self._logs / date.fromisoformat(as_of).isoformat() / self._stamp
        if target != self.folder:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folder = self.folder.rename(target)


class _Watcher(Progress):
    """Progress that names the log folder after the night that `land` opened."""

    def __init__(self, task_ids: list[str], console: Console, night: _Night) -> None:
        super().__init__(task_ids, console, lambda: night.folder)
        self._night = night

    def ended(self, task_id: str, state: str, result: dict[str, Any], message: str) -> None:
        super().ended(task_id, state, result, message)
        if task_id == "land" and "as_of_date" in result:
            self._night.name_after(result["as_of_date"])


def main() -> int:
    """Run the night, show it, say how it ended. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make nightly", description=__doc__)
    parser.add_argument(
        "--as-of", help="The night, such as 2017-12-01. Default: the newest the source is complete for."
    )
    wanted = parser.parse_args().as_of
    try:
        as_of = read_night(wanted) if wanted else None
        settings = load_settings()
        home = airflow_home(settings, "inprocess")
        with only_one(home, "`make nightly`"):
            return _run(settings, home, as_of)
    except NightmarketError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code


def _run(settings: Settings, home: Path, as_of: date | None) -> int:
    night = _Night(settings, as_of)
    console = _take_over_output(night.folder / "airflow.log")
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    console.print(f"Nightmarket: the night of {as_of or 'the newest complete day'}. Starting Airflow in-process ...")
    try:
        adopt_environment(home)
        dag = _load_dag(home)
        progress = _Watcher([task.task_id for task in dag.topological_sort()], console, night)
        with progress:
            _test(dag, progress, as_of)
    except KeyboardInterrupt:
        console.print("Interrupted. What was published stays as it was; run `make nightly` again.")
        return EXIT_INTERRUPTED
    except Exception as error:
        # Everything else on stderr goes into the log, so say where, then leave the traceback there.
        console.print(f"{type(error).__name__}: {error}\nThe whole story is in {night.folder / 'airflow.log'}.")
        raise
    return _conclude(console, progress, night)


def _take_over_output(log: Path) -> Console:
    """Send what Airflow and its libraries print into ``log``; return a console on the real output."""
    sys.stdout.flush()
    sys.stderr.flush()
    screen = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    return Console(file=screen, highlight=False, markup=False, soft_wrap=True)


def _load_dag(home: Path) -> DAG:
    """Create Airflow's database where there is none of this version, and return the real DAG."""
    import airflow
    from airflow.utils.db import initdb  # the scheduler's side: airflow.sdk cannot create a database

    created_for = home / "database.version"
    if not created_for.exists() or created_for.read_text() != airflow.__version__:
        # Nothing in it is worth a migration: the night is recorded in var/nights and ops.runs.
        (home / "airflow.db").unlink(missing_ok=True)
        initdb()
        created_for.write_text(airflow.__version__)

    import nightly

    for task in nightly.nightly_dag.tasks:
        task.retries = 0
        task.on_failure_callback = [_stop]
    return nightly.nightly_dag


def _stop(context: Context) -> None:
    """End the run: dag.test() would sleep one second for each task that can no longer run."""
    raise _Stopped(context["ti"].task_id)


def _test(dag: DAG, progress: Progress, as_of: date | None) -> None:
    from nightmarket_airflow.operator import StepOperator

    StepOperator.listener = progress
    with contextlib.suppress(_Stopped):
        dag.test(run_conf={"as_of": as_of.isoformat()} if as_of else None)


def _conclude(console: Console, progress: Progress, night: _Night) -> int:
    rows = list(progress.rows.values())
    total = time.time() - psutil.Process().create_time()
    in_tasks = sum(row.seconds for row in rows)
    in_steps = sum(row.seconds if row.state == "failed" else row.own_seconds for row in rows)
    share = 100 * (total - in_steps) / total
    times = (
        f"{total:.1f} s: {in_steps:.1f} s in the steps, {in_tasks - in_steps:.1f} s starting their processes, "
        f"{total - in_tasks:.1f} s in Airflow ({share:.1f} % outside the steps)"
    )
    from nightmarket_airflow.operator import INTERRUPTED

    failed = [row for row in rows if row.state == "failed"]
    unfinished = [row for row in rows if row.state not in ("success", "skipped")]
    if unfinished:
        for row in failed:
            console.print(f"\n{row.task_id} failed:\n{row.message}")
            console.print(f"\nIts log    {night.folder}/*_{row.task_id}.log")
        console.print(f"All logs   {night.folder}\nTime       {times}")
        console.print(
            "Nothing of this night was published; what was published before is as it was."
            if progress.rows["publish"].state != "success"
            else "The night was published before this failed."
        )
        return EXIT_INTERRUPTED if any(row.message == INTERRUPTED for row in failed) else EXIT_FAILED
    results = {row.task_id: row.result for row in rows}
    as_of, tables = results["land"]["as_of_date"], results["publish"]["tables"]
    width = max(map(len, tables))
    console.print(
        f"\nThe night of {as_of} is published: {results['publish']['rows']:,} scores, "
        f"checks {results['check_scores']['verdict']}.\n"
    )
    for name, table in tables.items():
        console.print(f"           {name:{width}}  {table['rows']:>9,} rows  by {table['model_version']}")
    console.print(
        f"\nScores     {results['publish']['serving']}\n"
        f"Report     {results['report']['report']}\n"
        f"Checks     {results['check_scores']['data_docs']}\n"
        f"Logs       {night.folder}\n"
        f"Time       {times}\n"
        "UIs        `make up` starts Airflow's and MLflow's on this machine and prints how to log in\n"
    )
    for i, name in enumerate(tables):
        console.print(f'{"" if i else "Try":10} .venv/bin/nightmarket sql "{_best_rows(name)}"')
    return 0


def _best_rows(table: str) -> str:
    """Return a query for ten rows of a published table: of a family's, those with the greatest primary forecast."""
    family = FAMILIES.get(table.removeprefix("scores."))
    if family is None:
        served = SERVED_TABLES[table]
        keys = [name for name in served.key if name != "as_of_date"]
        others = [column for column in served.columns if column.name not in served.key]
        if table.startswith("scores."):  # a forecast: the first number that is expected
            shown = [*keys, next(column.name for column in others if column.type == "DOUBLE"), "reason_1"]
        else:
            shown = [*keys, *(column.name for column in others[:2]), "reason"]
        return f"select {', '.join(shown)} from {table} limit 10"
    keys, forecast = ", ".join(family.key_names), family.primary.name
    return (
        f"select {keys}, round({forecast}, 3) as {forecast}, reason_1 from {table} "
        f"order by {forecast} desc, {keys} limit 10"
    )


def read_night(text: str) -> date:
    """Read ``AS_OF``.

    Raises
    ------
    NightUnreadable
        It is not a date.
    """
    try:
        if len(text) == len("yyyy-mm-dd"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise NightUnreadable(
        f"Got AS_OF={text!r} but expected a date such as 2017-12-01. Run: make nightly AS_OF=2017-12-01"
    )


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - the last stop: it is printed, and the exit code says so
        traceback.print_exc()
        code = EXIT_FAILED
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is committed and closed; what Airflow does at exit takes two more seconds.
    os._exit(code)
