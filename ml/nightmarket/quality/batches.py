"""The rows that each border's expectations see.

Written as SQL on a connection that the step opened; only temporary relations are made, so the
warehouse and the staged files stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.families.base import Family
from nightmarket.quality.suites import Suite
from nightmarket.quality.tables import relation_of
from nightmarket.quality.validation import Batch
from nightmarket.sqltext import literal


def landed_batch(suite: Suite, facts: Mapping[str, Any], *, provided: bool) -> Batch:
    """Check a contract table as it is."""
    relation = relation_of(suite.border, suite.table)
    return Batch(suite=suite, relation=relation, query=f"select * from {relation}", facts=facts, provided=provided)


def features_batch(
    connection: duckdb.DuckDBPyConnection,
    suite: Suite,
    family: Family,
    facts: Mapping[str, Any],
    *,
    snapshot_id: str,
    as_of_dates: list[date],
) -> Batch:
    """Check a feature view through its bounds: per date one row of lowest and one of highest values.

    A range holds for every row exactly if it holds for these two, and NaN or an infinity is one of
    them (DuckDB sorts NaN greatest). So one pass over the millions of rows of a training night
    (0.8 s of CPU per date) serves all ranges; one pass per expectation took four times as long.
    Queries may also read ``night_counts`` (one row: the night's rows, pairs, customers and
    categories) and, where nothing smaller will do, ``night_features``: the rows themselves.
    """

    def prepare() -> None:
        _describe_night(connection, family, snapshot_id=snapshot_id, as_of_dates=as_of_dates)

    return Batch(
        suite=suite,
        relation="night_features",
        query="select * from feature_bounds",
        facts=facts,
        # What a shop may have nothing of is reported so where it has, never as passed.
        provided=not family.is_optional or _has_rows(connection, family, snapshot_id, as_of_dates),
        prepare=prepare,
    )


def _has_rows(connection: duckdb.DuckDBPyConnection, family: Family, snapshot_id: str, as_of_dates: list[date]) -> bool:
    found = connection.execute(
        f"select 1 from {family.feature_view} where snapshot_id = {literal(snapshot_id)} "
        f"and as_of_date in {literal(as_of_dates)} limit 1"
    ).fetchone()
    return found is not None


def _describe_night(
    connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of_dates: list[date]
) -> None:
    keys = ("snapshot_id", "as_of_date", *family.key_names)
    connection.execute(
        f"create or replace temp view night_features as select * from {family.feature_view} "
        f"where snapshot_id = {literal(snapshot_id)} and as_of_date in {literal(as_of_dates)}"
    )
    described = connection.execute("select column_name from (describe select * from night_features)").fetchall()
    columns = [name for (name,) in described if name not in keys]
    bounds = ", ".join(f'unnest([min("{name}"), max("{name}")]) as "{name}"' for name in columns)
    connection.execute(
        "create or replace temp table feature_bounds as "
        "select as_of_date, unnest(['lowest', 'highest']) as bound, count(*) as n_rows"
        f"{', ' + bounds if bounds else ''} from night_features group by as_of_date"
    )
    pair = ", ".join(family.key_names)
    distinct = ", ".join(f"count(distinct {key}) as n_{key}s" for key in family.key_names)
    connection.execute(
        "create or replace temp table night_counts as "
        f"select sum(n_repeats) as n_rows, count(*) as n_pairs, {distinct} "
        f"from (select {pair}, count(*) as n_repeats from night_features "
        f"where as_of_date = {literal(as_of_dates[0])} group by {pair})"
    )


def staged_batch(
    connection: duckdb.DuckDBPyConnection,
    suite: Suite,
    facts: Mapping[str, Any],
    *,
    staged: Path,
    previous: Path | None,
    provided: bool = True,
) -> Batch:
    """Check a staged file; queries may also read ``previous_scores``, the newest published night before.

    ``provided``: whether it has rows, where it may have none.
    """
    relation = f"staged_{suite.table}"

    def prepare() -> None:
        connection.execute(
            f"create or replace temp table {relation} as select * from read_parquet({literal(str(staged))})"
        )
        connection.execute("drop view if exists previous_scores")
        if previous is not None:
            connection.execute(
                f"create temp view previous_scores as select * from read_parquet({literal(str(previous))})"
            )

    return Batch(
        suite=suite,
        relation=relation,
        query=f"select * from {relation}",
        facts=facts,
        prepare=prepare,
        provided=provided,
    )
