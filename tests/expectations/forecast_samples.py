"""A tiny shop's forecasts as they are published: four products in two categories, eight weeks, 56 days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from nightmarket.families.demand import DEMAND, SALES_FORECAST

from .staged_samples import RUN_ID

MODEL_VERSION = "demand/1/best_per_class"
N_ROWS = {"demand": 7 * 8, "sales_forecast": 3 * (56 + 8)}
_ITEMS = {
    "demand": """
        select 'product' as level, 'p' || p as item_id, 'k' || p % 2 as category_id, p + 1.0 as size
        from range(4) as t(p)
        union all select 'category', 'k' || k, null, 2.0 * k + 4 from range(2) as t(k)
        union all select 'total', 'total', null, 10.0
    """,
    "sales_forecast": """
        select 'category' as level, 'k' || k as item_id, k + 1.0 as size from range(2) as t(k)
        union all select 'total', 'total', 3.0
    """,
}
_PERIODS = {
    "demand": "select 'week' as grain, 7 * w as ahead, 7 as length from range(8) as t(w)",
    "sales_forecast": """
        select 'day' as grain, d as ahead, 1 as length from range(56) as t(d)
        union all select 'week', 7 * w, 7 from range(8) as t(w)
    """,
}
_FACTORS = {"_p05": 0.2, "_p25": 0.6, "_p50": 0.9, "_p75": 1.3, "_p95": 2.0}


def facts_of(name: str) -> Mapping[str, Any]:
    """Return what the suite of ``scores.<name>`` is told beside the facts of the night."""
    return {"rows_scored": N_ROWS[name], "model_version": MODEL_VERSION, "model_age_days": 56}


def build_forecasts(connection: duckdb.DuckDBPyConnection, name: str, table: str, as_of: date) -> None:
    """Make ``table`` a valid sample of ``scores.<name>``."""
    layout = {"demand": DEMAND, "sales_forecast": SALES_FORECAST}[name]
    values = {
        "as_of_date": f"date '{as_of}'",
        "week_start_date": f"date '{as_of}' + cast(ahead as integer)",
        "period_start_date": f"date '{as_of}' + cast(ahead as integer)",
        "horizon_days": "ahead + length",
        "demand_class": "'smooth'",
        "method": "'mean of 4 weeks'",
        "reason_1": "'sold 3 a week in the last 4'",
        "reason_2": "'up 5 % on the 4 before'",
        "reason_3": "null",
        "model_version": f"'{MODEL_VERSION}'",
        "run_id": f"'{RUN_ID}'",
    }
    columns = []
    for column in layout.columns:
        value = values.get(column.name, column.name)
        for amount in ("units", "sales_amount"):
            if column.name.startswith(amount):
                value = f"size * length * {_FACTORS.get(column.name.removeprefix(amount), 1)}"
        columns.append(f"cast({value} as {column.type}) as {column.name}")
    connection.execute(
        f"create or replace table {table} as select {', '.join(columns)} from ({_ITEMS[name]}), ({_PERIODS[name]})"
    )
