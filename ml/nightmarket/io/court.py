"""The scratch warehouse of the leak court: the landed shop cut at an instant, and what dbt made of it.

Nothing here writes to the warehouse that is judged: it is read, its rows are kept as Parquet, and everything is
rebuilt in another file. (Attaching both would not do: a view of the one would read the tables of the other, since
dbt names the database in it and both are called ``warehouse``.)
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from nightmarket.contracts import SHOP_CONTRACT, Table
from nightmarket.errors import StepMissing
from nightmarket.io.landing import Snapshot
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.comparison import ROW, Difference, Layout, count_sql, first_sql
from nightmarket.quality.court.sentinels import PLANS, sentinel_statements
from nightmarket.quality.court.trials import FEATURES, LABELS, WINDOWS, Claim, Window, World
from nightmarket.settings import Settings
from nightmarket.sqltext import identifier, literal

PARTITION = ("snapshot_id", "as_of_date")
"""What every table of features and labels is keyed by, before its own key."""

PAST_MOVED_DAYS = 120
"""How much earlier the past of a label window is shown to have happened: who had bought is still known, and nothing
is left of the days before the window that a label could take for its own. (So it looks as late as that, too: such a
world is built with a longer ``late_lookback_days``.)"""


@contextlib.contextmanager
def scratch_settings(settings: Settings, as_of: date) -> Iterator[Settings]:
    """Yield the same settings with a var folder of their own below ``var/court``, which is removed afterwards."""
    parent = settings.var_dir / "court"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{as_of}-", dir=parent))
    try:
        yield settings.model_copy(update={"var_dir": folder})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another court is in session
            parent.rmdir()


def find_partition_dates(connection: duckdb.DuckDBPyConnection, snapshot_id: str, until: date) -> list[date]:
    """Return the dates up to ``until`` at which any table of features holds rows of the snapshot."""
    tables = _relations(connection, FEATURES, kinds=("BASE TABLE",))
    if not tables:
        return []
    each = [f"select distinct as_of_date from {FEATURES}.{identifier(t)} where snapshot_id = $1" for t in tables]
    rows = connection.execute(
        f"select as_of_date from ({' union '.join(each)}) where as_of_date <= $2 order by 1", [snapshot_id, until]
    ).fetchall()
    return [row[0] for row in rows]


def read_windows(connection: duckdb.DuckDBPyConnection, snapshot_id: str, dates: Sequence[date]) -> list[Window]:
    """Return the label windows that are stored for ``dates``."""
    rows = connection.execute(
        "select as_of_date, horizon_days, window_end_date, known_before_date, is_closed "
        f"from {LABELS}.{WINDOWS} where snapshot_id = ? and as_of_date in (select unnest(?)) order by all",
        [snapshot_id, list(dates)],
    ).fetchall()
    return [Window(*row) for row in rows]


def keep_stored(settings: Settings, scratch: Settings, snapshot_id: str, dates: Sequence[date]) -> None:
    """Copy the rows of ``dates`` of every table of features and labels to Parquet in the scratch folder."""
    with open_warehouse(settings) as connection:
        for schema in (FEATURES, LABELS):
            for table in _relations(connection, schema):
                for day in dates:
                    path = _stored_path(scratch, schema, table, day)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    connection.execute(
                        f"copy (select * exclude ({', '.join(PARTITION)}) from {schema}.{identifier(table)} "
                        f"where snapshot_id = {literal(snapshot_id)} and as_of_date = {literal(day)}) "
                        f"to {literal(str(path))} (format parquet, compression lz4)"
                    )


def is_kept(scratch: Settings, layout: Layout, day: date) -> bool:
    """Return False for a table that keeps rows for the newest date only, at an earlier one.

    (What a night remembers of the whole history is one table of versions, from which earlier origins are cut.)
    """
    folder = _stored_path(scratch, layout.schema, layout.table, day).parent
    n_rows = {path.stem: pq.read_metadata(path).num_rows for path in sorted(folder.glob("*.parquet"))}
    *earlier, newest = n_rows or {"": 0}
    return day.isoformat() == newest or not n_rows.get(newest) or any(n_rows[name] for name in earlier)


def show_everything(settings: Settings, scratch: Settings, snapshot: Snapshot, *, n_customers: int | None) -> None:
    """Point ``raw.*`` of the scratch warehouse at the whole snapshot, or at some of its customers."""
    with open_warehouse(scratch, write=True) as connection:
        _show_landed(connection, settings, snapshot, n_customers)
        connection.execute("create schema if not exists raw")
        for table in SHOP_CONTRACT:
            connection.execute(f"create or replace view raw.{table.name} as select * from landed.{table.name}")


def show_world(
    settings: Settings, scratch: Settings, snapshot: Snapshot, world: World, *, n_customers: int | None
) -> None:
    """Point ``raw.*`` of the scratch warehouse at what ``world`` holds."""
    with open_warehouse(scratch, write=True) as connection:
        _show_landed(connection, settings, snapshot, n_customers)
        connection.execute("create schema if not exists raw; create schema if not exists known")
        connection.execute("drop schema if exists sentinels cascade; create schema sentinels")
        for table in SHOP_CONTRACT:
            connection.execute(
                f"create or replace view known.{table.name} as {_part_of(table, world, settings.late_lookback_days)}"
            )
        invented = sentinel_statements(world.cut) if world.last_day is None else {}
        for table in SHOP_CONTRACT:
            source = f"select * from known.{table.name}"
            if table.name in invented:
                connection.execute(f"create table sentinels.{table.name} as {invented[table.name]}")
                source += f" union all by name select * from sentinels.{table.name}"
            columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in table.columns)
            connection.execute(f"create or replace view raw.{table.name} as select {columns} from ({source})")


def read_layouts(scratch: Settings, schemas: Sequence[str]) -> list[Layout]:
    """Return every table of ``schemas`` that dbt built, with the key that its ``unique_rows`` test names, if any."""
    manifest = _read_manifest(scratch)
    keys = _tested_keys(manifest)
    models = {(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    layouts = []
    with open_warehouse(scratch) as connection:
        for schema in schemas:
            for table in _relations(connection, schema):
                if (schema, table) not in models:  # of an earlier project, and read by nobody
                    continue
                described = connection.execute(f"describe {schema}.{identifier(table)}").fetchall()
                types = {row[0]: str(row[1]) for row in described if row[0] not in PARTITION}
                layouts.append(Layout(schema, table, types, tuple(k for k in keys.get(table, ()) if k in types)))
    return layouts


def read_meta(settings: Settings, schema: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the ``meta`` of every column of ``schema``, by table and column, as the YAML of its models declares it."""
    manifest = _read_manifest(settings)
    return {
        node["name"]: {
            name: {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
            for name, column in node["columns"].items()
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == schema
    }


def compare(scratch: Settings, snapshot_id: str, layout: Layout, claim: Claim) -> tuple[int, Difference | None]:
    """Return the number of stored rows that ``claim`` covers, and the first in which the rebuilt table differs.

    Raises
    ------
    StepMissing
        The judged warehouse has no such table, or one of other columns.
    """
    path = _stored_path(scratch, layout.schema, layout.table, claim.as_of_date)
    if not path.exists():
        raise StepMissing(
            f"Got no {layout.name} in the warehouse but expected what dbt builds today. "
            "Run `nightmarket transform` for this night first."
        )
    with open_warehouse(scratch) as connection:
        connection.execute(f"create temp view stored as select * from read_parquet({literal(str(path))})")
        connection.execute(
            f"create temp view rebuilt as select * exclude ({', '.join(PARTITION)}) "
            f"from {layout.schema}.{identifier(layout.table)} "
            f"where snapshot_id = {literal(snapshot_id)} and as_of_date = {literal(claim.as_of_date)}"
        )
        _check_columns(connection, layout)
        layout = layout if layout.key else _with_found_key(connection, layout)
        n_rows = _scalar(connection, "select count(*) from stored")
        columns = layout.measures if claim.columns is None else claim.columns
        with_rows = claim.columns is None
        counts = connection.execute(count_sql(layout, columns, with_rows=with_rows)).fetchone()
        assert counts is not None  # noqa: S101 - an aggregate always has a row
        n_rebuilt = _scalar(connection, "select count(*) from rebuilt")
        if counts[0] == 0 and with_rows and n_rows != n_rebuilt:
            stored, rebuilt = f"{n_rows} rows", f"{n_rebuilt} rows"
            return n_rows, Difference(
                layout.name, ROW, claim.as_of_date, {}, stored, rebuilt, abs(n_rows - n_rebuilt), columns=()
            )
        if counts[0] == 0:
            return n_rows, None
        moved = tuple(column for column, n in zip(columns, counts[2:], strict=True) if n)
        column = None if counts[1] else moved[0]
        first = connection.execute(first_sql(layout, column)).fetchone()
        assert first is not None  # noqa: S101 - it was counted
        return n_rows, Difference(
            table=layout.name,
            column=column or ROW,
            as_of_date=claim.as_of_date,
            key=dict(zip(layout.key, first, strict=False)),
            stored=first[-2],
            rebuilt=first[-1],
            n_rows=counts[0],
            columns=moved,
        )


def _with_found_key(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Layout:
    """Key a table whose key no test names by its ids or, where they repeat, by whole rows, numbered if alike."""
    ids = tuple(column for column in layout.types if column.endswith("_id"))
    repeats = f"select 1 from {{side}} group by {', '.join(map(identifier, ids))} having count(*) > 1 limit 1"
    sides = ("stored", "rebuilt")
    if ids and not any(connection.execute(repeats.format(side=side)).fetchall() for side in sides):
        return replace(layout, key=ids)
    columns = ", ".join(map(identifier, layout.types))
    for side in sides:
        connection.execute(f"alter view {side} rename to {side}_rows")
        connection.execute(
            f"create temp view {side} as select *, row_number() over (partition by {columns}) as _nth from {side}_rows"
        )
    return replace(layout, key=(*layout.types, "_nth"))


def _check_columns(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    have = {row[0]: str(row[1]) for row in connection.execute("describe stored").fetchall()}
    if have != dict(layout.types):
        wrong = sorted(set(have.items()) ^ set(layout.types.items()))
        raise StepMissing(
            f"Got {layout.name} stored with other columns than dbt builds today ({wrong[:4]}) but expected the same. "
            "Run `nightmarket transform` for this night first."
        )


def _show_landed(
    connection: duckdb.DuckDBPyConnection, settings: Settings, snapshot: Snapshot, n_customers: int | None
) -> None:
    connection.execute("create schema if not exists landed")
    files_of = {
        name: [str(settings.landing_dir / file.path) for file in table.files] for name, table in snapshot.tables.items()
    }
    if n_customers is not None:
        connection.execute(
            f"create or replace table landed._customers as select customer_id from {_parquet(files_of['order_lines'])} "
            f"group by 1 order by hash(customer_id), customer_id limit {n_customers}"
        )
    for table in SHOP_CONTRACT:
        files = files_of[table.name]
        columns = ", ".join(column.name for column in table.columns)
        typed = ", ".join(f"cast(null as {column.type}) as {column.name}" for column in table.columns)
        source = f"select {columns} from {_parquet(files)}" if files else f"select {typed} where false"
        if n_customers is not None and any(column.name == "customer_id" for column in table.columns):
            source = f"select * from ({source}) semi join landed._customers using (customer_id)"
        connection.execute(f"create or replace view landed.{table.name} as {source}")


def _part_of(table: Table, world: World, late_lookback_days: int) -> str:
    """Return SQL of the rows of ``table`` that ``world`` holds."""
    conditions = [f"arrived_date < {literal(world.cut)}"]
    columns = "*"
    if table.event_column and table.name not in PLANS:
        event = identifier(table.event_column)
        conditions.append(f"{event} < {literal(world.cut)}")
        if world.last_day is not None:
            conditions.append(f"{event} <= {literal(world.last_day)}")
        if world.first_day is not None:
            is_past = f"{event} < {literal(world.first_day)}"
            columns = f"* replace (case when {is_past} then {event} - {PAST_MOVED_DAYS} else {event} end as {event})"
            if table.name == "order_lines":  # what came too late is judged by when it really happened
                conditions.append(f"arrived_date <= {event} + {late_lookback_days}")
    return f"select {columns} from landed.{table.name} where {' and '.join(conditions)}"


def _relations(
    connection: duckdb.DuckDBPyConnection, schema: str, kinds: Sequence[str] = ("BASE TABLE", "VIEW")
) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables "
        "where table_schema = ? and table_type in (select unnest(?)) order by 1",
        [schema, list(kinds)],
    ).fetchall()
    return [row[0] for row in rows]


def _read_manifest(settings: Settings) -> dict[str, Any]:
    path = settings.var_dir / "dbt" / "target" / "manifest.json"
    if not path.exists():
        raise StepMissing(
            f"Got no {path} but expected what dbt wrote when it built this warehouse. "
            "Run `nightmarket transform` for this night first."
        )
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _tested_keys(manifest: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    keys = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata")
        if test and test["name"] == "unique_rows" and node.get("attached_node"):
            keys[node["attached_node"].split(".")[-1]] = tuple(test["kwargs"]["columns"])
    return keys


def _parquet(files: Sequence[str]) -> str:
    return f"read_parquet([{', '.join(map(literal, files))}])"


def _stored_path(scratch: Settings, schema: str, table: str, day: date) -> Path:
    return scratch.var_dir / "stored" / f"{schema}.{table}" / f"{day}.parquet"


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return int(row[0])
