"""Source files, opened and typed in a DuckDB of their own, before anything is written.

The heavy work of landing runs in memory (spilling to ``var/spill``), never in the warehouse file: a land
that is refused leaves nothing behind. Once the files are open, the connection can read nothing else.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from nightmarket.contracts import CONTRACT_TABLES, Table
from nightmarket.errors import ContractBroken, SourceUnreadable
from nightmarket.settings import Settings
from nightmarket.sources.base import Feed, InputFile, Relation
from nightmarket.sources.validation import (
    OWN_COLUMNS,
    day_column,
    plain_day_spans,
    typed_select,
    unparsable_counts,
)
from nightmarket.sources.zones import start_of_day_sql
from nightmarket.sqltext import literal
from nightmarket.steps.landing.csv_lines import read_csv, rejects_of


@dataclass(frozen=True)
class Staged:
    """A contract table whose rows are typed and judged one by one, in the view ``typed_<table>``."""

    table: Table
    feed: Feed
    rows_read: int
    """Rows of the source, with the lines that could not be read."""
    unreadable: tuple[Relation, ...]
    given: frozenset[str]
    """Contract columns that at least one part gives."""
    kept: tuple[str, ...]
    """Every column of the source, for the quarantine."""
    version_key: tuple[str, ...]
    """What tells two rows of one load apart: the key, and the arrival where the source records it."""


@contextlib.contextmanager
def open_bench(settings: Settings, inputs: tuple[InputFile, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that may touch ``inputs``, ``var/landing`` and its spill folder, nothing else."""
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    spill = settings.var_dir / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spill, prefix="land-") as folder:
        connection = duckdb.connect(
            config={
                "threads": settings.threads,
                "memory_limit": _most_of(settings.warehouse_memory),
                "temp_directory": folder,
                "autoinstall_known_extensions": False,
            }
        )
        try:
            # Not at connect: the ICU extension that knows the setting is loaded only then.
            connection.execute("set TimeZone = 'UTC'")
            paths = ", ".join(literal(str(file.path)) for file in inputs)
            connection.execute(f"set allowed_paths = [{paths}]")
            connection.execute(f"set allowed_directories = [{literal(str(settings.landing_dir))}, {literal(folder)}]")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
            connection.execute("create schema source")
            yield connection
        finally:
            connection.close()


def _most_of(limit: str) -> str:
    """Return three quarters of a memory limit: writing 20 million rows takes all it may, and some more outside it."""
    amount = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]+)\s*", limit)
    return f"{float(amount[1]) * 0.75:g}{amount[2]}" if amount else limit


def open_inputs(
    connection: duckdb.DuckDBPyConnection, inputs: tuple[InputFile, ...], *, materialise: bool
) -> tuple[Relation, ...]:
    """Open every input as a relation; ``materialise`` reads each once, which gives its rows a fixed order."""
    relations = []
    for number, file in enumerate(inputs):
        name = f"source.f{number}"
        try:
            if file.format == "csv":
                read_csv(connection, file, name)
            elif materialise:
                connection.execute(
                    f"create table {name} as select * from read_parquet(?, hive_partitioning = false)", [str(file.path)]
                )
            else:
                connection.execute(f"create view {name} as select * from read_parquet({literal(str(file.path))})")
        except duckdb.Error as error:
            raise SourceUnreadable(
                f"Got {file.path}, which cannot be read as {file.format}, but expected a whole {file.format} file. "
                f"Export it again. DuckDB: {str(error).splitlines()[0]}"
            ) from error
        relations.append(Relation(file, name, columns_of(connection, name)))
    return tuple(relations)


def stage(connection: duckdb.DuckDBPyConnection, feed: Feed, *, timezone: str, may_be_empty: bool) -> Staged:
    """Type the rows of ``feed`` into the view ``typed_<table>``.

    Parameters
    ----------
    timezone : str
        Where a day begins, for instants that are given as plain dates.

    Raises
    ------
    ContractBroken
        A required column is missing, a column is of the wrong type as a whole, or there is no row.
    """
    table = CONTRACT_TABLES[feed.table]
    parts = []
    for number, part in enumerate(feed.parts):
        view = f"part_{table.name}_{number}"
        connection.execute(f"create view {view} as {part.select}")
        columns = columns_of(connection, view)
        _check_columns(table, part.file, columns)
        parts.append((view, columns))
    given = frozenset(name for _, columns in parts for name in columns)
    kept = tuple(dict.fromkeys(name for _, columns in parts for name in columns if name not in OWN_COLUMNS))
    version_key = (*table.key, "arrived_at") if "arrived_at" in given else table.key
    selects = [
        typed_select(
            table,
            number,
            view,
            columns,
            kept=kept,
            version_key=version_key,
            day_starts=_day_starts(connection, table, view, columns, timezone),
        )
        for number, (view, columns) in enumerate(parts)
    ]
    connection.execute(f"create view typed_{table.name} as {' union all '.join(selects)}")
    for (view, columns), part in zip(parts, feed.parts, strict=True):
        _check_types(connection, table, part.file, view, columns)
    unreadable = tuple(p.relation for p in feed.parts if p.relation is not None and p.relation.input.format == "csv")
    rows_read = scalar(connection, " + ".join(["0", *(f"(select count(*) from {view})" for view, _ in parts)]))
    rows_read += sum(scalar(connection, f"(select count(*) from {rejects_of(r.sql)})") for r in unreadable)
    if rows_read == 0 and not may_be_empty:
        files = ", ".join(dict.fromkeys(part.file for part in feed.parts))
        raise ContractBroken(
            f"Got no row for {table.name} in {files} but expected at least one, since the table is provided. "
            "Export it again, or remove the file if the shop has no such table."
        )
    return Staged(table, feed, rows_read, unreadable, given, kept, version_key)


def _check_columns(table: Table, file: str, columns: dict[str, str]) -> None:
    missing = [c.name for c in table.given_columns if c.required and c.name not in columns]
    if missing:
        known = {c.name for c in table.given_columns}
        extra = [name for name in columns if name not in known and name not in OWN_COLUMNS]
        instead = f" (it has, beside the contract's: {', '.join(extra)})" if extra else ""
        raise ContractBroken(
            f"Got {table.name} from {file} without the column {', '.join(missing)}{instead} but expected every "
            "required column of the shop contract. Add or rename it; `nightmarket contract` lists them."
        )


def _day_starts(
    connection: duckdb.DuckDBPyConnection, table: Table, view: str, columns: dict[str, str], timezone: str
) -> dict[str, str]:
    row = connection.execute(plain_day_spans(table, view, columns)).fetchone()
    return {
        span["name"]: start_of_day_sql(day_column(span["name"]), timezone, span["first"], span["last"])
        for span in (row[0] if row else ())
        if span["first"] is not None
    }


def _check_types(
    connection: duckdb.DuckDBPyConnection, table: Table, file: str, view: str, columns: dict[str, str]
) -> None:
    row = connection.execute(unparsable_counts(table, view, columns)).fetchone()
    for count in row[0] if row else ():
        if count["given"] and count["bad"] == count["given"]:
            column = table.column(count["name"])
            raise ContractBroken(
                f"Got {table.name}.{column.name} from {file} where none of {count['given']} values is a {column.type} "
                f"(such as {count['example']!r}) but expected {column.description[0].lower()}{column.description[1:]} "
                "Export the column in that type; `nightmarket contract` shows the formats."
            )


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation, in order, with DuckDB's types."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


def scalar(connection: duckdb.DuckDBPyConnection, expression: str) -> int:
    """Return the integer that a SQL expression is."""
    row = connection.execute(f"select {expression}").fetchone()
    return int(row[0]) if row else 0
