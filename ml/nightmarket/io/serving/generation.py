"""Build a generation: the DuckDB file that consumers open, from a catalog alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.contracts import Table
from nightmarket.families import SERVED_TABLES
from nightmarket.io.atomic import fsync
from nightmarket.io.serving.catalog import Catalog
from nightmarket.io.serving.ledger import LEDGER, NEWEST_MEASUREMENT
from nightmarket.io.serving.results import NEWEST_RESULT, RESULTS
from nightmarket.sqltext import literal

# Name, type, what it means. Planners read the comments in their SQL tool, so they are complete sentences there.
RUN_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("run_id", "VARCHAR", "Hash of night, snapshot, model and code; the same run again has the same id."),
    ("attempt", "INTEGER", "How many times this night had been published, with this one."),
    ("as_of_date", "DATE", "The night."),
    ("snapshot_id", "VARCHAR", "Hash of the landed input."),
    ("family", "VARCHAR", "The prediction that was published."),
    ("table_name", "VARCHAR", "The table it was published to."),
    ("model_version", "VARCHAR", "Registered model, version and recipe that scored the night."),
    ("recipe", "VARCHAR", "Kind of model: lightgbm, logistic_regression or frequency."),
    ("n_rows", "BIGINT", "Rows published."),
    ("verdict", "VARCHAR", "passed, or warned where an expectation of severity warn did not hold."),
    ("checks", "JSON", "Each border: its verdict, expectations evaluated and warnings."),
    ("steps", "JSON", "Each step of this attempt: its rows and seconds."),
    ("seconds", "DOUBLE", "Sum of the seconds of all steps of this attempt."),
    ("staged_sha256", "VARCHAR", "SHA-256 of the Parquet file that was checked."),
    ("published_sha256", "VARCHAR", "SHA-256 of the Parquet file that is served; equal, or it would not be."),
    ("code_revision", "VARCHAR", "Revision of Nightmarket that scored the night."),
    ("hashes", "JSON", "Further hashes that the score step recorded."),
    ("published_at", "TIMESTAMP", "When this attempt was published (UTC)."),
)
CHECK_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("as_of_date", "DATE", "The night."),
    ("attempt", "INTEGER", "The attempt, as in ops.runs."),
    ("border", "VARCHAR", "Where it was checked: landed, features, scores or decisions."),
    ("verdict", "VARCHAR", "passed, or warned where an expectation of severity warn did not hold."),
    ("n_expectations", "INTEGER", "Expectations evaluated."),
    ("warnings", "JSON", "The expectations of severity warn that did not hold."),
    ("not_provided", "JSON", "Tables that the source does not deliver; they are not checked."),
)
FILE_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("table_name", "VARCHAR", "The table."),
    ("as_of_date", "DATE", "The night."),
    ("n_rows", "BIGINT", "Rows in the file."),
    ("sha256", "VARCHAR", "SHA-256 of the file, which is also its name."),
    ("path", "VARCHAR", "Where it is."),
)


def build_database(path: Path, catalog: Catalog) -> None:
    """Write ``serving.duckdb``: views over exact files, and ``ops.*`` as real tables.

    Parameters
    ----------
    path
        Where to write; must not exist. The file is made read-only: a consumer who forgets
        ``read_only=True`` gets a clear refusal instead of locking out everybody else.
    catalog
        What to show. Nothing else is read but the Parquet footers.
    """
    with duckdb.connect(str(path), config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
        connection.execute("create schema scores; create schema decisions; create schema ops")
        for name in sorted(catalog.tables.keys() - {LEDGER.name, RESULTS.name}):
            newest_first = _newest_first(catalog, name)
            if newest_first:
                table = SERVED_TABLES[name]
                _create_view(connection, name, table, newest_first[:1], "The newest published night only.")
                _create_view(connection, f"{name}_history", table, newest_first, "Every published night.")
        for measured, newest in ((LEDGER, NEWEST_MEASUREMENT), (RESULTS, NEWEST_RESULT)):
            files = _newest_first(catalog, measured.name)
            _create_view(connection, f"{measured.name}_history", measured, files, "Every measurement.")
            _create_view(connection, measured.name, measured, files, "The newest measurement.", only=newest)
        _create_table(connection, "ops.runs", "One row per night, attempt and table.", RUN_COLUMNS, _run_rows(catalog))
        _create_table(
            connection, "ops.checks", "One row per night, attempt and border.", CHECK_COLUMNS, _check_rows(catalog)
        )
        _create_table(
            connection, "ops.published_files", "One row per table and night.", FILE_COLUMNS, _file_rows(catalog)
        )
        connection.execute("checkpoint")
    path.chmod(0o444)
    fsync(path)


def _newest_first(catalog: Catalog, name: str) -> list[str]:
    nights = catalog.tables.get(name, {})
    return [str(Path(catalog.served_from) / nights[night].path) for night in sorted(nights, reverse=True)]


def _create_view(
    connection: duckdb.DuckDBPyConnection, name: str, table: Table, paths: list[str], which: str, *, only: str = ""
) -> None:
    if paths:
        files = ", ".join(literal(path) for path in paths)
        # Without hive_partitioning = false the folder's name would give as_of_date a second time;
        # with union_by_name an old night without a later column shows nulls there.
        source = f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
        # Where all of them are older than a column, none of them has it.
        there = {row[0] for row in connection.execute(f"describe select * from {source}").fetchall()}
        columns = ", ".join(
            column.name if column.name in there else f"cast(null as {column.type}) as {column.name}"
            for column in table.columns
        )
        source = f"{source} {only}"
    else:
        columns = ", ".join(f"cast(null as {column.type}) as {column.name}" for column in table.columns)
        source = "(select 1) where false"
    connection.execute(f"create view {name} as select {columns} from {source}")
    connection.execute(f"comment on view {name} is {literal(f'{table.description} {which}')}")
    for column in table.columns:
        connection.execute(f"comment on column {name}.{column.name} is {literal(column.description)}")


def _create_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    description: str,
    columns: tuple[tuple[str, str, str], ...],
    rows: list[tuple[Any, ...]],
) -> None:
    connection.execute(f"create table {name} ({', '.join(f'{column} {type_}' for column, type_, _ in columns)})")
    if rows:
        connection.executemany(f"insert into {name} values ({', '.join('?' for _ in columns)})", rows)
    connection.execute(f"comment on table {name} is {literal(description)}")
    for column, _, meaning in columns:
        connection.execute(f"comment on column {name}.{column} is {literal(meaning)}")


def _run_rows(catalog: Catalog) -> list[tuple[Any, ...]]:
    rows = []
    for run in catalog.runs:
        values = {**asdict(run), "seconds": run.seconds}
        for name in ("checks", "steps", "hashes"):
            values[name] = json.dumps(values[name], sort_keys=True)
        rows.append(tuple(values[column] for column, _, _ in RUN_COLUMNS))
    return rows


def _check_rows(catalog: Catalog) -> list[tuple[Any, ...]]:
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for run in catalog.runs:
        for border, check in run.checks.items():
            rows[run.as_of_date, run.attempt, border] = (
                run.as_of_date,
                run.attempt,
                border,
                check.get("verdict"),
                check.get("n_expectations"),
                json.dumps(check.get("warnings", [])),
                json.dumps(check.get("not_provided", [])),
            )
    return list(rows.values())


def _file_rows(catalog: Catalog) -> list[tuple[Any, ...]]:
    return [
        (name, night, file.n_rows, file.sha256, str(Path(catalog.served_from) / file.path))
        for name, nights in sorted(catalog.tables.items())
        for night, file in sorted(nights.items())
    ]
