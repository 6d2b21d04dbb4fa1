"""The published rows: days and weeks, categories and the total, with their bands, methods and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.sales.history import DAYS_AHEAD, Doubles, SalesHistory
from nightmarket.modeling.sales.project import Ground, prepare, project
from nightmarket.modeling.sales.recipe import TOTAL, SalesModel

Reasons = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class SalesForecast:
    """r rows, ordered by grain, level, item and period.

    Attributes
    ----------
    grain, level, item_id : (r,) 'day' or 'week'; 'category' or 'total'; category_id or 'total'
    period_start_date : r dates
    horizon_days : (r,) days from the origin to the period's end
    sales_amount : (r,) what is expected
    quantiles : (r, 5) at ``recipe.QUANTILES``, rising and never below 0
    method : (r,)
    reasons : three lists of r
    """

    grain: NDArray[np.object_]
    level: NDArray[np.object_]
    item_id: NDArray[np.object_]
    period_start_date: list[date]
    horizon_days: NDArray[np.int32]
    sales_amount: Doubles
    quantiles: Doubles
    method: NDArray[np.object_]
    reasons: tuple[list[str | None], list[str | None], list[str | None]]

    def __len__(self) -> int:
        return len(self.sales_amount)


def forecast_sales(model: SalesModel, history: SalesHistory) -> SalesForecast:
    """Return the coming 56 days and 8 weeks of every category and of the total.

    Days add up to weeks and categories to the total; the bands do not, since not everything is low at once.
    """
    ground = prepare(history)
    names = {group: model.method(group) for group in (TOTAL, *set(ground.groups))}
    days = np.round(project(ground, {**_all_groups(model), **names}, is_scaled=model.is_scaled), 4)
    made = np.vstack([days, days.sum(axis=0)[None]])
    items = [*history.category_ids, TOTAL]
    groups = [*ground.groups, TOTAL]
    said = [_reasons(history, ground, row) for row in range(len(items))]
    method = [_method(model, group) for group in groups]
    parts: dict[str, list[NDArray[np.generic]]] = {}
    starts: list[date] = []
    reasons: tuple[list[str | None], ...] = ([], [], [])
    for grain, length in (("day", 1), ("week", 7)):
        amounts = made.reshape(len(made), -1, length).sum(axis=2)
        n = amounts.shape[1]
        week = np.arange(n) * length // 7
        factors = np.asarray([[model.band(grain, group, int(w)) for w in week] for group in groups])
        columns: dict[str, NDArray[np.generic]] = {
            "grain": np.full(amounts.size, grain, object),
            "level": np.repeat(np.asarray(["category"] * len(days) + [TOTAL], object), n),
            "item_id": np.repeat(np.asarray(items, object), n),
            "horizon_days": np.tile((np.arange(n, dtype=np.int32) + 1) * length, len(made)),
            "sales_amount": amounts.ravel(),
            "quantiles": (amounts[:, :, None] * factors).reshape(amounts.size, -1),
            "method": np.repeat(np.asarray(method, object), n),
        }
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
        starts += [history.as_of_date + timedelta(days=i * length) for i in range(n)] * len(made)
        for place, found in enumerate(reasons):
            found.extend(one[place] for one in said for _ in range(n))
    joined = {name: np.concatenate(values) for name, values in parts.items()}
    return SalesForecast(**joined, period_start_date=starts, reasons=reasons)  # type: ignore[arg-type]


def _all_groups(model: SalesModel) -> dict[str, str]:
    return {group: model.method(group) for group in (TOTAL, "A", "B", "C", "D")}


def _method(model: SalesModel, group: str) -> str:
    if group == TOTAL:
        return model.method(TOTAL) if model.is_scaled else "sum of categories"
    return f"{model.method(group)}, scaled to the total" if model.is_scaled else model.method(group)


def _reasons(history: SalesHistory, ground: Ground, row: int) -> Reasons:
    """Return what a forecast stands on, in words; the last row is the total."""
    rows = slice(row, row + 1) if row < len(ground.sold) else slice(None)
    weekly = ground.sold[rows].sum(axis=0)
    now, before = weekly[-4:].mean(), weekly[-8:-4].mean() if len(weekly) >= 8 else 0.0
    n = min(4, len(weekly))
    first = f"sold {now:,.2f} a week in the last {n} weeks" if n > 1 else f"sold {now:,.2f} in the last week"
    second = None
    if before > 0:
        second = f"{'up' if now >= before else 'down'} {abs(now / before - 1):.0%} on the 4 weeks before"
    n_closed = int(ground.never_sells.sum())
    third = None
    if n_closed:
        day = history.as_of_date + timedelta(days=int(ground.never_sells.argmax()))
        others = f" and {n_closed - 1} more days" if n_closed > 1 else ""
        third = f"nothing on {day}{others}: the shop never sells then"
    return (first, second, third) if second is not None else (first, third, None)


__all__ = ["DAYS_AHEAD", "SalesForecast", "forecast_sales"]
