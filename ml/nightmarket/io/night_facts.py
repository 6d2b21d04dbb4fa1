"""What a check compares a night with: the night before, the shop's history, what came true."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from nightmarket.errors import ContractBroken, NothingPublished, ServingMoved, SnapshotMissing
from nightmarket.families.base import Family
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.settings import Settings


def previous_rows(settings: Settings, as_of: date) -> dict[str, int]:
    """Return the rows accepted of each provided table by the newest published night before ``as_of``.

    Empty on the first. A night that was withheld is no measure: its export may be what was wrong.
    """
    try:
        runs = [run for run in read_served_catalog(settings).runs if run.as_of_date < as_of]
        if not runs:
            return {}
        # Of the attempts at one night the last is served.
        newest = max(enumerate(runs), key=lambda one: (one[1].as_of_date, one[0]))[1]
        tables = read_snapshot(settings, newest.snapshot_id).tables
    except (NothingPublished, ServingMoved, SnapshotMissing):
        return {}
    return {name: table.rows_accepted for name, table in tables.items() if table.provided}


def previous_published(settings: Settings, table: str, as_of: date) -> tuple[date, Path] | None:
    """Return the newest published night of ``table`` before ``as_of`` and its file; None on the first."""
    try:
        files = read_served_catalog(settings).tables.get(table, {})
    except (NothingPublished, ServingMoved):
        return None
    night = max((day for day in files if day < as_of), default=None)
    return (night, settings.serving_dir / files[night].path) if night else None


def first_order_date(connection: duckdb.DuckDBPyConnection, settings: Settings, snapshot: Snapshot) -> date:
    """Return the first shop-local order date of ``snapshot``.

    Raises
    ------
    ContractBroken
        There is no order line.
    """
    files = [str(settings.landing_dir / file.path) for file in snapshot.tables["order_lines"].files]
    found = connection.execute("select min(order_date) from read_parquet(?)", [files]).fetchone() if files else None
    if not found or found[0] is None:
        raise ContractBroken("Got no order line in the snapshot but expected some. Land a source that has orders.")
    first: date = found[0]
    return first


def newest_base_rate(
    connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date
) -> float | None:
    """Return the share of eligible rows that came true at the newest labelled date closed by ``as_of``.

    Of the primary head. None where the warehouse holds no labels of the snapshot (a night that did not
    train has none), and where the family makes its rows itself.
    """
    schema, name = family.label_table.split(".")
    if (
        family.feature_view is None
        or not connection.execute(
            "select 1 from duckdb_tables() where schema_name = ? and table_name = ? union all "
            "select 1 from duckdb_views() where schema_name = ? and view_name = ?",
            [schema, name, schema, name],
        ).fetchone()
    ):
        return None
    labelled = connection.execute(
        f"select distinct as_of_date from {family.label_table} "
        "where snapshot_id = ? and as_of_date <= ? order by 1 desc",
        [snapshot_id, as_of - timedelta(days=family.horizon_days)],
    ).fetchall()
    # Labels hold every purchase of the window, also of customers and categories that were not eligible.
    keys = family.key_names
    outcome = family.primary.outcome
    for (newest,) in labelled:  # of a night whose outcome was looked up there are labels alone
        counted = connection.execute(
            f"select {f'sum(l.{outcome}::integer)' if outcome else f'count(l.{keys[0]})'}, "
            f"{f'count(l.{outcome})' if outcome else 'count(*)'} from {family.feature_view} as f "
            f"left join {family.label_table} as l using (snapshot_id, as_of_date, {', '.join(keys)}) "
            "where f.snapshot_id = ? and f.as_of_date = ?",
            [snapshot_id, newest],
        ).fetchone()
        if counted and counted[1]:
            return float(counted[0] / counted[1])
    return None
