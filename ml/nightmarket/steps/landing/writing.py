"""Accepted rows become immutable Parquet: local dates and arrival derived, sorted, named by their content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from nightmarket.clock import start_of_day_utc
from nightmarket.contracts import Table
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile
from nightmarket.settings import Settings
from nightmarket.sources.zones import local_date_sql, start_of_day_sql
from nightmarket.sqltext import literal
from nightmarket.steps.landing.settling import EPOCH, Shop, survey

_SORTED_BY = {"order_lines": ("customer_id", "order_date", "order_line_id", "arrived_at")}
"""Files are sorted so that they are the same on every run: order lines as features read them, the others by key."""


def write_accepted(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    table: Table,
    relation: str,
    shop: Shop,
    complete_through: date,
    spans: Mapping[str, tuple[date, date]] | None = None,
    keeps_order: bool = False,
) -> tuple[LandedFile, ...]:
    """Derive local dates and arrival, and write ``relation`` as one Parquet file (none where it is empty).

    A NULL ``arrived_at`` becomes the instant of the row's event: what a first load counts as known. What is announced
    for later than ``complete_through`` was known when that day ended, since the load holds it. Not by the load's night:
    that may be long before the export, and must not know what was announced since.
    """
    if spans is None:
        _, spans = survey(connection, table, relation, with_reasons=False)
    columns = ", ".join(
        f"{_finished(column.name, table, shop, spans, complete_through)} as {column.name}" for column in table.columns
    )
    order = "" if keeps_order else f" order by {', '.join(sort_columns(table))}"
    return write_file(connection, settings, table.name, f"select {columns} from {relation}{order}")


def write_file(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: str, select: str
) -> tuple[LandedFile, ...]:
    """Write the rows of ``select`` to ``files/<folder>/<sha256>.parquet``; no rows, no file."""
    target = settings.landing_dir / "files" / folder
    target.mkdir(parents=True, exist_ok=True)
    beside = target / f".writing.{os.getpid()}"
    try:
        row = connection.execute(
            f"copy ({select}) to {literal(str(beside))} (format parquet, compression zstd)"
        ).fetchone()
        rows = int(row[0]) if row else 0
        if rows == 0:
            return ()
        digest = sha256_of_file(beside)
        final = target / f"{digest}.parquet"
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
    return (LandedFile(str(final.relative_to(settings.landing_dir)), digest, rows),)


def sort_columns(table: Table) -> tuple[str, ...]:
    """Return what a landed file of ``table`` is sorted by: a total order."""
    return _SORTED_BY.get(table.name, (*table.key, "arrived_at"))


def _finished(
    name: str, table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]], complete_through: date
) -> str:
    column = table.column(name)
    if name == "arrived_at":
        return f"coalesce(arrived_at, {_known_instant(table, shop, spans, complete_through)})"
    if name == "arrived_date":
        return (
            f"case when arrived_at is null then {_known_date(table, shop, spans, complete_through)} "
            f"else {local_date_sql('arrived_at', shop.timezone, *spans['arrived_at'])} end"
        )
    if column.derived_from is not None:
        return local_date_sql(column.derived_from, shop.timezone, *spans[column.derived_from])
    return name


def _known_instant(table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]], complete_through: date) -> str:
    if table.event_column is None:
        return "timestamp '1970-01-01'"
    instant = table.column(table.event_column).derived_from
    known = instant or start_of_day_sql(table.event_column, shop.timezone, *spans[table.event_column])
    if not table.is_announced:
        return known
    end = start_of_day_utc(complete_through + timedelta(days=1), shop.timezone) - timedelta(microseconds=1)
    return f"least({known}, timestamp '{end:%Y-%m-%d %H:%M:%S.%f}')"


def _known_date(table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]], complete_through: date) -> str:
    if table.event_column is None:
        return local_date_sql("timestamp '1970-01-01'", shop.timezone, EPOCH, EPOCH)
    instant = table.column(table.event_column).derived_from
    known = local_date_sql(instant, shop.timezone, *spans[instant]) if instant else table.event_column
    return f"least({known}, date '{complete_through}')" if table.is_announced else known
