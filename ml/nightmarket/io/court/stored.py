"""What is judged: the stored rows of features and labels, kept as Parquet beside the scratch warehouse.

(Attaching both warehouses would not do: a view of the one would read the tables of the other, since dbt names the
database in it and both are called ``warehouse``.)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.comparison import Layout
from nightmarket.quality.court.trials import FEATURES, LABELS, WINDOWS, Window
from nightmarket.settings import Settings
from nightmarket.sqltext import identifier, literal

PARTITION = ("snapshot_id", "as_of_date")
"""What every table of features and labels is keyed by, before its own key."""


def find_partition_dates(connection: duckdb.DuckDBPyConnection, snapshot_id: str, until: date) -> list[date]:
    """Return the dates up to ``until`` at which any table of features holds rows of the snapshot."""
    tables = relations(connection, FEATURES, kinds=("BASE TABLE",))
    if not tables:
        return []
    each = [f"select distinct as_of_date from {FEATURES}.{identifier(t)} where snapshot_id = $1" for t in tables]
    rows = connection.execute(
        f"select as_of_date from ({' union '.join(each)}) where as_of_date <= $2 order by 1", [snapshot_id, until]
    ).fetchall()
    return [row[0] for row in rows]


def find_cuts(
    connection: duckdb.DuckDBPyConnection, relation: str, cut_column: str, *, snapshot_id: str, night: date
) -> list[date]:
    """Return the cuts to judge of rows that have their own: the newest of those that are over, and of those that run.

    The newer the cut, the more of the history lies before it, and the nearer the night is that it may not know.
    """
    rows = connection.execute(
        f"select max({identifier(cut_column)}) from {relation} "
        f"where snapshot_id = ? and as_of_date = ? and {identifier(cut_column)} < as_of_date group by is_open",
        [snapshot_id, night],
    ).fetchall()
    return sorted({row[0] for row in rows})


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
            for table in relations(connection, schema):
                for day in dates:
                    path = stored_path(scratch, schema, table, day)
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
    folder = stored_path(scratch, layout.schema, layout.table, day).parent
    n_rows = {path.stem: pq.read_metadata(path).num_rows for path in sorted(folder.glob("*.parquet"))}
    *earlier, newest = n_rows or {"": 0}
    return day.isoformat() == newest or not n_rows.get(newest) or any(n_rows[name] for name in earlier)


def stored_path(scratch: Settings, schema: str, table: str, day: date) -> Path:
    return scratch.var_dir / "stored" / f"{schema}.{table}" / f"{day}.parquet"


def relations(
    connection: duckdb.DuckDBPyConnection, schema: str, kinds: Sequence[str] = ("BASE TABLE", "VIEW")
) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables "
        "where table_schema = ? and table_type in (select unnest(?)) order by 1",
        [schema, list(kinds)],
    ).fetchall()
    return [row[0] for row in rows]
