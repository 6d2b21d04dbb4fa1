"""What the morning report shows of the served nights. Exact: DOUBLE sums differ from run to run.

Table and column names come from the families, values as parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.families.base import Family, Head, Kind

Connection = duckdb.DuckDBPyConnection

_EXACT = {Kind.PROBABILITY: "decimal(18, 15)", Kind.AMOUNT: "decimal(38, 6)"}
"""Forecasts as exact decimals: their sum does not depend on which thread adds first."""


@dataclass(frozen=True)
class ServedHead:
    """The forecasts of one head in one night; ``mean_low`` and ``mean_high`` of its interval, where it has one."""

    n_rows: int
    total: float
    mean_low: float | None = None
    mean_high: float | None = None


def read_totals(connection: Connection, family: Family, night: date) -> tuple[int, int, int | None]:
    """Return rows, customers and items of one night; no items where rows are customers alone."""
    counted = ", ".join(f"count(distinct {key})" for key in family.key_names)
    row = connection.execute(
        f"select count(*), {counted} from {family.score_table}_history where as_of_date = ?", [night]
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return int(row[0]), int(row[1]), int(row[2]) if len(row) > 2 else None


def read_head(connection: Connection, family: Family, head: Head, night: date) -> ServedHead:
    """Return what a head forecast in one night."""
    exact = _EXACT[head.kind]
    ends = [f"{head.name}_low", f"{head.name}_high"] if head.kind is Kind.AMOUNT else []
    means = "".join(f", sum({end}::{exact})::double / nullif(count({end}), 0)" for end in ends)
    row = connection.execute(
        f"select count({head.name}), coalesce(sum({head.name}::{exact}), 0)::double{means} "
        f"from {family.score_table}_history where as_of_date = ?",
        [night],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return ServedHead(int(row[0]), float(row[1]), *row[2:])


def read_sums(connection: Connection, family: Family, key: str, nights: Sequence[date]) -> dict[str, dict[date, float]]:
    """Return the sum of the primary head's forecasts by ``key`` and night."""
    sums: dict[str, dict[date, float]] = {}
    for one, night, total in connection.execute(
        f"select {key}, as_of_date, sum({family.primary.name}::{_EXACT[family.primary.kind]})::double "
        f"from {family.score_table}_history where as_of_date in (select unnest(?::date[])) group by 1, 2 order by 1, 2",
        [list(nights)],
    ).fetchall():
        sums.setdefault(one, {})[night] = total or 0.0
    return sums


def read_distribution(
    connection: Connection, family: Family, column: str, night: date, edges: Sequence[float]
) -> tuple[float, ...]:
    """Return the share of a night's values from each edge (inclusive) to the next; what is beyond is in the last."""
    counts = ", ".join(
        f"count(*) filter ({column} >= {low!r} and ({column} < {high!r} or {high!r} = {edges[-1]!r}))"
        for low, high in pairwise(edges)
    )
    row = connection.execute(
        f"select count({column}), {counts} from {family.score_table}_history where as_of_date = ?", [night]
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    n_rows, *in_bins = row
    return tuple(count / n_rows if n_rows else 0.0 for count in in_bins)


def read_quantiles(
    connection: Connection, family: Family, column: str, night: date, shares: Sequence[float]
) -> tuple[float, ...]:
    """Return the values of a column below which the given shares of a night's rows lie; none is no values."""
    row = connection.execute(
        f"select quantile_disc({column}, ?) from {family.score_table}_history where as_of_date = ?",
        [list(shares), night],
    ).fetchone()
    return tuple(row[0]) if row and row[0] else ()


def read_values(connection: Connection, family: Family, column: str, night: date) -> list[tuple[str, int]]:
    """Return how many rows of a night have each value of a column, most first."""
    return connection.execute(
        f"select {column}::varchar, count(*) from {family.score_table}_history "
        f"where as_of_date = ? and {column} is not null group by 1 order by 2 desc, 1",
        [night],
    ).fetchall()


def read_reasons(connection: Connection, family: Family, night: date) -> list[tuple[str, int]]:
    """Return how often each first reason occurs, its numbers left out, most often first."""
    return connection.execute(
        f"select regexp_replace(reason_1, '[0-9][0-9.,]*', '…', 'g'), count(*) from {family.score_table}_history "
        "where as_of_date = ? and reason_1 is not null group by 1 order by 2 desc, 1",
        [night],
    ).fetchall()


def read_top(
    connection: Connection, family: Family, night: date, n: int, customers: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the ``n`` rows of the greatest primary forecast, of each of ``customers`` or of all; ties by key."""
    rank = f"{family.primary.name} desc nulls last, {', '.join(family.key_names)}"
    night_of = f"select * from {family.score_table}_history where as_of_date = ?"
    if customers is None:
        return read_dicts(connection, f"{night_of} order by {rank} limit {n}", [night])
    return read_dicts(
        connection,
        f"{night_of} and customer_id in (select unnest(?::varchar[])) "
        f"qualify row_number() over (partition by customer_id order by {rank}) <= {n} order by {rank}",
        [night, list(customers)],
    )


def read_ledger(connection: Connection, family: Family, as_of: date) -> list[tuple[Any, ...]]:
    """Return what was measured of a family up to the night ``as_of``, as ``report.promises`` reads it."""
    return connection.execute(
        "select head, as_of_date, horizon_days, model_version, measured_at_as_of, n_rows, promised, happened, "
        "n_in_interval from ops.calibration_ledger_history where family = ? and measured_at_as_of <= ? "
        "qualify measured_at_as_of = max(measured_at_as_of) over (partition by head, as_of_date) "
        "order by head, as_of_date desc, bin",
        [family.name, as_of],
    ).fetchall()


def read_dicts(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Run a query; return its rows by column."""
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def read_names(product_files: Sequence[Path], key: str) -> dict[str, str]:
    """Return id → name from the landed products, of ``category_id`` or ``product_id``, where there is a name."""
    name = {"category_id": "category_name", "product_id": "product_name"}.get(key)
    if not product_files or name is None:
        return {}
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        rows = connection.execute(
            f"select {key}, min({name}) from read_parquet(?) where {key} is not null and {name} is not null group by 1",
            [[str(path) for path in product_files]],
        ).fetchall()
    return dict(rows)
