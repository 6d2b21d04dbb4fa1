"""Sums over the served nights that the morning report shows. Exact: DOUBLE sums differ from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

HISTORY = "scores.purchase_intent_history"
# Probabilities as exact decimals: their sum does not depend on which thread adds first.
PROBABILITY = "sum(probability::decimal(18, 15))"


def read_totals(connection: duckdb.DuckDBPyConnection, night: date) -> tuple[int, int, int, float]:
    """Return rows, customers, categories and the sum of all probabilities of one night."""
    row = connection.execute(
        "select count(*), count(distinct customer_id), count(distinct category_id), "
        f"coalesce({PROBABILITY}, 0)::double from {HISTORY} where as_of_date = ?",
        [night],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return int(row[0]), int(row[1]), int(row[2]), float(row[3])


def read_sums(connection: duckdb.DuckDBPyConnection, key: str, nights: Sequence[date]) -> dict[str, dict[date, float]]:
    """Return the sum of probabilities by ``key`` (``category_id`` or ``customer_id``) and night."""
    sums: dict[str, dict[date, float]] = {}
    for one, night, total in connection.execute(
        f"select {key}, as_of_date, {PROBABILITY}::double from {HISTORY} "
        f"where as_of_date in (select unnest(?::date[])) group by 1, 2 order by 1, 2",
        [list(nights)],
    ).fetchall():
        sums.setdefault(one, {})[night] = total
    return sums


def read_distribution(connection: duckdb.DuckDBPyConnection, night: date, edges: Sequence[float]) -> tuple[float, ...]:
    """Return the share of a night's rows from each edge (inclusive) to the next; 1 falls in the last bin."""
    counts = ", ".join(
        f"count(*) filter (probability >= {low} and (probability < {high} or {high} = {edges[-1]}))"
        for low, high in pairwise(edges)
    )
    row = connection.execute(f"select count(*), {counts} from {HISTORY} where as_of_date = ?", [night]).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has one row
    n_rows, *in_bins = row
    return tuple(count / n_rows if n_rows else 0.0 for count in in_bins)


def read_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """Run a query; return its columns and rows."""
    relation = connection.sql(sql)
    return tuple(relation.columns), tuple(relation.fetchall())


def read_category_names(product_files: Sequence[Path]) -> dict[str, str]:
    """Return category_id → name from the landed products, where a category has one."""
    if not product_files:
        return {}
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        rows = connection.execute(
            "select category_id, min(category_name) from read_parquet(?) "
            "where category_id is not null and category_name is not null group by 1",
            [[str(path) for path in product_files]],
        ).fetchall()
    return dict(rows)
