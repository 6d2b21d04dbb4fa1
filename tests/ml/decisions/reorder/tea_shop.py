"""A shop that sells tea: its stock, demand and sales, and the rows of its plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from nightmarket.decisions.reorder.inputs import ForecastDemand, LocationSales, RecentSales, Rules, Stock
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.plan import plan_reorder

NOTHING_SOLD_BY_PLACE = LocationSales(np.array([], object), np.array([], object), np.array([]))
_NUMBERS = (
    "age_days", "on_hand", "on_order", "lead_time_days", "pack_size", "min_order", "unit_cost", "unit_margin",
    "holding_cost",
)  # fmt: skip


def stock(*rows: dict[str, Any]) -> Stock:
    rows = tuple(sorted(rows, key=lambda row: (row["product_id"], row.get("location_id", ""))))
    return Stock(
        product_ids=np.array([row["product_id"] for row in rows], dtype=object),
        location_ids=np.array([row.get("location_id", "") for row in rows], dtype=object),
        **{
            name: np.array([row.get(name, 1.0 if name == "age_days" else np.nan) for row in rows], dtype=float)
            for name in _NUMBERS
        },
    )


def demand(*products: str) -> ForecastDemand:
    """Every product is forecast to sell 10 a week, 6 to 15."""
    n = len(products)
    weekly = WeeklyDemand(np.full((n, 8), 10.0), np.tile([6.0, 8.0, 10.0, 12.0, 15.0], (n, 8, 1)))
    return ForecastDemand(np.array(products, dtype=object), np.full(n, "DRINKS", dtype=object), weekly)


def sales(*products: str, price: float = 2.0) -> RecentSales:
    n = len(products)
    return RecentSales(np.array(products, dtype=object), np.full((n, 26), 10.0), np.full(n, 260 * price))


def plan(known: Stock, *, of: ForecastDemand | None = None, sold: Any = None, **rules: Any) -> list[dict[str, Any]]:
    columns = plan_reorder(
        demand("tea") if of is None else of, sales("tea"), known, sold or NOTHING_SOLD_BY_PLACE, Rules(**rules)
    )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
