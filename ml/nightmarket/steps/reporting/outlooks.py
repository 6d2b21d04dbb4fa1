"""Read what the morning report says of the sales to expect: weeks ahead beside weeks sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import duckdb

from nightmarket.io import served_decisions as served
from nightmarket.io.serving import Run
from nightmarket.io.weekly_sales import WeeklySales
from nightmarket.report.outlooks import CategoryChange, ForecastSection, Outlook, rank_changes

DEMAND, SALES = "scores.demand", "scores.sales_forecast"
WEEKS_SOLD, N_CATEGORIES = 12, 3


def make_outlooks(
    rows: Sequence[Mapping[str, Any]],
    as_of: date,
    unit: str,
    *,
    names: Mapping[str, str],
    sold: Mapping[str, tuple[float, ...]] | None,
) -> list[Outlook]:
    """Return the weeks of each item; one without an entry in ``sold`` sold nothing.

    Parameters
    ----------
    rows
        As :mod:`nightmarket.io.served_decisions` reads them, by item and week.
    sold
        Weeks sold before the night, by item; None where they are not known.
    """
    found = []
    for item, group in groupby(rows, key=lambda row: str(row["item_id"])):
        weeks = list(group)
        found.append(
            Outlook(
                item,
                names.get(item, item),
                unit,
                as_of,
                expected=_series(weeks, "expected"),
                p05=_series(weeks, "p05"),
                p25=_series(weeks, "p25"),
                p75=_series(weeks, "p75"),
                p95=_series(weeks, "p95"),
                sold=() if sold is None else sold.get(item, (0.0,) * WEEKS_SOLD),
                method=weeks[0]["method"] or "",
                demand_class=weeks[0].get("demand_class") or "",
            )
        )
    return found


def _series(weeks: Sequence[Mapping[str, Any]], column: str) -> tuple[float, ...]:
    return tuple(float(week[column] or 0.0) for week in weeks)


def describe_forecast(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    runs: Mapping[str, Run],
    past: WeeklySales | None,
    *,
    currency: str,
    categories: Mapping[str, str],
) -> ForecastSection | None:
    """Return the total of the weeks ahead and the categories that rise and fall; None where none is published.

    Parameters
    ----------
    runs
        The published tables of the night, by name.
    categories
        What the categories are called.
    """
    if not {DEMAND, SALES} & runs.keys():
        return None
    expected = served.read_expected_units(connection, as_of, "category") if DEMAND in runs else {}
    weeks = served.read_total_sales(connection, as_of) if SALES in runs else []
    sold = None
    if past is not None:
        # The forecast leaves out coupons, fuel and the like: what it stands beside are the same categories.
        known = [by_week for category, by_week in past.amount_of_category.items() if category in expected]
        sold = {"total": tuple(map(sum, zip(*known, strict=True)))} if known else None
    totals = make_outlooks(weeks, as_of, currency, names={"total": "Total sales"}, sold=sold)
    n_weeks = served.read_n_weeks(connection, as_of) if DEMAND in runs and past is not None else 0
    changes = []
    if past is not None and n_weeks:
        before = past.units_of_category
        changes = [
            CategoryChange(one, categories.get(one, one), sum(before.get(one, ())[-n_weeks:]), units)
            for one, units in expected.items()
        ]
    rising, falling = rank_changes(changes, N_CATEGORIES)
    return ForecastSection(currency, totals[0] if totals else None, rising, falling, n_weeks)
