"""How fast the features of many dates are built, against a join and group-by for each date.

    .venv/bin/python bench/features/run.py [--dates 35] [--rounds 3] [--folder var/bench]

Both build, on The Complete Journey, the features of customers, categories and pairs of both at weekly dates, from what
``land`` landed to stored tables, on the same number of threads. First the tables must be equal, row by row and to the
bit. Then the two take turns, each in a fresh process on a warehouse without features. Ours is dbt with all it does:
its start (parsing the project, seconds that do not grow with the dates) is also shown apart. CPU seconds are those of
the process and its children; on a machine with other work they say more than wall-clock. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import land

from nightmarket.settings import PROJECT_DIR, Settings
from nightmarket.steps.transform import dbt_command, dbt_environment, dbt_variables

NEWEST = date(2017, 12, 25)
COMPLETE_THROUGH = date(2017, 12, 31)
TABLES = ("ftr_customer", "ftr_customer_category", "ftr_category")


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dates", type=int, default=35, help="how many weekly dates, the newest 2017-12-25")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs; the median counts")
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench", help="where to land and build")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder, source="complete_journey")
    dates = [NEWEST - timedelta(days=7 * n) for n in range(arguments.dates)]
    snapshot_id = land(settings, NEWEST).snapshot_id
    landed = settings.var_dir / "features" / "landed.duckdb"
    landed.parent.mkdir(exist_ok=True)
    copy_raw(settings.warehouse_path, landed)
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for number in range(arguments.rounds):
        ours.append(build_ours(settings, landed, snapshot_id, dates))
        theirs.append(build_theirs(settings, landed, dates))
        if number == 0:
            n_rows = check_equal(landed.with_name("warehouse.duckdb"), landed.with_name("peer.duckdb"))
        print(f"round {number + 1}: dbt {ours[-1]}; peer {theirs[-1]}", flush=True)
    start = build_ours(settings, landed, snapshot_id, dates, subcommand="parse")
    report({"dates": len(dates), "threads": settings.threads, "rows": n_rows}, ours, theirs, start)


def copy_raw(warehouse: Path, landed: Path) -> None:
    """Copy the landed tables, so that both read DuckDB's own storage and not Parquet anew for every date."""
    landed.unlink(missing_ok=True)
    with duckdb.connect(str(landed)) as connection:
        connection.execute(f"attach '{warehouse}' as night (read_only); create schema raw")
        names = connection.execute(
            "select view_name from duckdb_views() where database_name = 'night' and schema_name = 'raw'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"create table raw.{name} as from night.raw.{name}")


def build_ours(
    settings: Settings, landed: Path, snapshot_id: str, dates: Sequence[date], *, subcommand: str = "run"
) -> Cost:
    folder = settings.model_copy(update={"var_dir": landed.parent})
    shutil.copy(landed, folder.warehouse_path)
    shutil.rmtree(landed.parent / "dbt", ignore_errors=True)
    variables = dbt_variables(
        snapshot_id=snapshot_id, as_of_dates=dates, complete_through=COMPLETE_THROUGH,
        late_lookback_days=settings.late_lookback_days,
    )  # fmt: skip
    select = ("--select", *(f"+{table}" for table in TABLES)) if subcommand == "run" else ()
    return measure(dbt_command(folder, subcommand, variables, *select), dbt_environment(folder))


def build_theirs(settings: Settings, landed: Path, dates: Sequence[date]) -> Cost:
    output = landed.with_name("peer.duckdb")
    output.unlink(missing_ok=True)
    line = [sys.executable, "-m", "bench.features.peer", str(landed), str(output), str(settings.threads)]
    return measure([*line, *map(str, dates)], dict(os.environ))


def measure(line: list[str], environment: dict[str, str]) -> Cost:
    """Run ``line`` to its end and return what it took.

    Raises
    ------
    subprocess.CalledProcessError
        It failed; what it printed is on stderr.
    """
    started = time.perf_counter()
    child = subprocess.Popen(line, env=environment, cwd=PROJECT_DIR, stdout=sys.stderr)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, line)
    wall = time.perf_counter() - started
    return Cost(round(used.ru_utime + used.ru_stime, 2), round(wall, 2), round(used.ru_maxrss / 1024))


def check_equal(ours: Path, theirs: Path) -> dict[str, int]:
    """Return the rows of each table.

    Raises
    ------
    AssertionError
        A table is not the same in both.
    """
    n_rows: dict[str, int] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        for table in TABLES:
            more = ", is_active" if table == "ftr_customer" else ""
            mine = f"select as_of_date, * exclude (snapshot_id, as_of_date{more}) from ours.features.{table}"
            peers = f"from theirs.{table}"
            for one, other in ((mine, peers), (peers, mine)):
                found = connection.execute(f"select count(*) from (({one}) except all ({other}))").fetchone()
                if found != (0,):
                    raise AssertionError(f"Got {found} rows of {table} that are not in the other but expected none.")
            counted = connection.execute(f"select count(*) from ({peers})").fetchone()
            n_rows[table] = counted[0] if counted else 0
    print(f"equal: {n_rows}", flush=True)
    return n_rows


def report(facts: dict[str, Any], ours: list[Cost], theirs: list[Cost], start: Cost) -> None:
    cpu, peer_cpu = (median(one.cpu_seconds for one in costs) for costs in (ours, theirs))
    wall, peer_wall = (median(one.wall_seconds for one in costs) for costs in (ours, theirs))
    result: dict[str, Any] = {
        **facts,
        "cpu_seconds": {"dbt": cpu, "dbt_parse_alone": start.cpu_seconds, "peer": peer_cpu},
        "wall_seconds": {"dbt": wall, "peer": peer_wall},
        "cpu_ratio": round(peer_cpu / cpu, 2),
        "cpu_ratio_without_start": round(peer_cpu / (cpu - start.cpu_seconds), 2),
        "wall_ratio": round(peer_wall / wall, 2),
        "rounds": {"dbt": [asdict(one) for one in ours], "peer": [asdict(one) for one in theirs]},
    }
    for key in ("cpu_seconds", "wall_seconds", "cpu_ratio", "cpu_ratio_without_start", "wall_ratio"):
        print(f"{key}: {result[key]}")
    print(json.dumps(result, sort_keys=True))


if __name__ == "__main__":
    main()
