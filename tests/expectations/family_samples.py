"""Valid features, labels and scores of any family, in a tiny shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module

import duckdb

from nightmarket.families.base import Family, Kind
from nightmarket.quality.tables import NUMBER, columns_of

from .staged_samples import AS_OF, RUN_ID, SNAPSHOT_ID

TRAINING_DATE = AS_OF - timedelta(days=28)


def build_features(
    connection: duckdb.DuckDBPyConnection, family: Family, values: Mapping[str, str] | None = None
) -> None:
    """Make a family's features and labels, for the night and one training origin: 20 customers, by 4 items if any.

    ``values`` is the SQL of its columns, from the numbers c of the customer and k of the item; a column without any
    is 3, or .5 where it is a share.
    """
    connection.execute("create schema if not exists features; create schema if not exists labels")
    rows = "range(20) as a(c)" + (", range(4) as b(k)" if len(family.keys) > 1 else "")
    if family.feature_view is not None:
        given = {**_keys_of(family), **(values or {})}
        listed = [
            f"cast({given.get(column, '0.5' if _is_share(column) else '3')} "
            f"as {'double' if type_name == NUMBER else type_name}) as {column}"
            for column, type_name in columns_of("features", family.name).items()
        ]
        # A family whose origins are cuts keeps them all in the rows of the night.
        dates = (AS_OF,) if family.cut_column else (AS_OF, TRAINING_DATE)
        listed_dates = ", ".join(f"(date '{day}')" for day in dates)
        connection.execute(
            f"create table {family.feature_view} as select {', '.join(listed)} from {rows}, "
            f"(values {listed_dates}) as dates(d)"
        )
    outcomes = "".join(
        f", {'c < 6' if head.kind is Kind.PROBABILITY else '3 + c'} as {head.outcome}"
        for head in family.heads
        if head.outcome
    )
    is_listed = "true" if family.primary.outcome else "c < 6"
    of_one_item = "k = 1" if len(family.keys) > 1 else "true"
    keys = ", ".join(f"{sql} as {key}" for key, sql in _keys_of(family).items() if key in family.key_names)
    connection.execute(
        f"create table {family.label_table} as select '{SNAPSHOT_ID}' as snapshot_id, "
        f"date '{TRAINING_DATE}' as as_of_date, {keys}{outcomes} from {rows} where {is_listed} and {of_one_item}"
    )


def _keys_of(family: Family) -> dict[str, str]:
    numbered = dict(zip(family.key_names, ("'c' || c", "'k' || k"), strict=False))
    return {"snapshot_id": f"'{SNAPSHOT_ID}'", "as_of_date": "d", **numbered}


def _is_share(column: str) -> bool:
    return any(word in column for word in ("share", "pct", "penetration", "rate"))


def build_scores(
    connection: duckdb.DuckDBPyConnection,
    staged: str,
    family: Family,
    values: Mapping[str, str] | None = None,
) -> None:
    """Make a table of valid scores, one row for each customer and item of the night, in the order of the keys.

    ``values`` is the SQL of predictions, from c and k, and from n, the number of the row among its customer's.
    """
    # About as many as the labels have: 6 of 20 customers, of one of their 4 items.
    number, least = ("(c * 4 + k)", 0.05) if len(family.keys) > 1 else ("c", 0.1)
    by_type = {
        "DOUBLE": f"({least} + 0.01 * ({number} % 20))",
        "INTEGER": "n",
        "VARCHAR": "'regular'",
        "BOOLEAN": "true",
        "DATE": f"date '{AS_OF}'",
    }
    factor = {"_low": " * 0.5", "_high": " * 2"}
    fixed = {
        **_keys_of(family),
        "as_of_date": f"date '{AS_OF}'",
        "horizon_days": str(family.horizon_days),
        "reason_1": "'bought 2 times'",
        "reason_2": "'shops here'",
        "reason_3": "null",
        "model_version": f"'{model_version_of(family)}'",
        "run_id": f"'{RUN_ID}'",
        **(values or {}),
    }
    columns = []
    for name, type_name in columns_of("scores", family.name).items():
        value = fixed.get(name) or by_type[type_name] + factor.get(name[name.rfind("_") :], "")
        columns.append(f"cast({value} as {type_name}) as {name}")
    rows = "select c, k, k + 1 as n from range(20) as a(c), range(4) as b(k)"
    one_each = "select c, 0 as k, 1 as n from range(20) as a(c)"
    connection.execute(
        f"create or replace table {staged} as select {', '.join(columns)} "
        f"from ({rows if len(family.keys) > 1 else one_each}) order by {', '.join(family.key_names)}"
    )


def model_version_of(family: Family) -> str:
    return f"{family.name}/1/{family.primary.baseline}"


def valid_values(family: Family, name: str) -> Mapping[str, str]:
    """Return ``FEATURES`` or ``SCORES`` of the family's own test file: what a valid sample of it holds."""
    found: Mapping[str, str] = getattr(import_module(f"tests.expectations.test_{family.name}_suites"), name, {})
    return found
