"""Honest evaluation of sales forecasts: trained on what was known at each origin, held against what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from nightmarket.modeling.sales.forecast import forecast_sales
from nightmarket.modeling.sales.history import DAYS_AHEAD, Doubles, SalesHistory
from nightmarket.modeling.sales.recipe import TOTAL, SalesModel
from nightmarket.modeling.sales.train import train_sales

HEADLINE_DAYS = 28


def evaluate_sales(
    history_at: Callable[[date], SalesHistory], origins: Sequence[date], *, closed_until: date
) -> dict[str, Any]:
    """Return errors and coverage over 4 weeks by grain and level, the mean over the origins, as plain numbers.

    ``wape`` is summed absolute errors over summed sales, ``bias`` summed errors over summed sales; ``coverage_50`` and
    ``coverage_90`` are the shares of periods inside the published quantiles. ``baseline_wape`` is that of the mean
    of 4 weeks by weekday, made by hand: the calendar left in, and bottom up.

    Parameters
    ----------
    closed_until : days before it are known
    """
    found: dict[str, list[dict[str, float]]] = {}
    later = history_at(closed_until)
    methods = []
    for origin in origins:
        model, history = train_sales(history_at, origin), history_at(origin)
        methods.append(dict(model.methods))
        for name, measured in _measure(model, history, later).items():
            found.setdefault(name, []).append(measured)
    figures = {
        name: {one: round(float(np.mean([values[one] for values in each])), 5) for one in each[0]}
        for name, each in found.items()
    }
    return {"figures": figures, "methods": methods, "origins": [origin.isoformat() for origin in origins]}


def _measure(model: SalesModel, history: SalesHistory, later: SalesHistory) -> dict[str, dict[str, float]]:
    forecast = forecast_sales(model, history)
    n_days = min((later.as_of_date - history.as_of_date).days // 7 * 7, HEADLINE_DAYS, DAYS_AHEAD)
    start = later.amounts.shape[1] - (later.as_of_date - history.as_of_date).days
    came = dict(zip(later.category_ids, later.amounts[:, start : start + n_days], strict=True))
    came[TOTAL] = np.sum([came[name] for name in history.category_ids if name in came], axis=0)
    by_hand = dict(zip(history.category_ids, _mean_of_weekdays(history, n_days), strict=True))
    by_hand[TOTAL] = np.sum(list(by_hand.values()), axis=0)
    found = {}
    for grain, length in (("day", 1), ("week", 7)):
        for level in ("total", "category"):
            rows = (forecast.grain == grain) & (forecast.level == level) & (forecast.horizon_days <= n_days)
            items = dict.fromkeys(forecast.item_id[rows])
            nothing = np.zeros(n_days)
            outcome, plain = (
                np.concatenate([days.get(item, nothing).reshape(-1, length).sum(axis=1) for item in items])
                for days in (came, by_hand)
            )
            made, quantiles = forecast.sales_amount[rows], forecast.quantiles[rows]
            sold = max(float(np.abs(outcome).sum()), 1e-9)
            found[f"{grain}/{level}"] = {
                "wape": float(np.abs(made - outcome).sum()) / sold,
                "baseline_wape": float(np.abs(plain - outcome).sum()) / sold,
                "bias": float((made - outcome).sum()) / sold,
                "coverage_50": float(((outcome >= quantiles[:, 1]) & (outcome <= quantiles[:, 3])).mean()),
                "coverage_90": float(((outcome >= quantiles[:, 0]) & (outcome <= quantiles[:, 4])).mean()),
            }
    return found


def _mean_of_weekdays(history: SalesHistory, n_days: int) -> Doubles:
    """Return the mean of the last 4 weeks by weekday for each coming day, (k, n_days)."""
    weeks = history.amounts[:, -HEADLINE_DAYS:].reshape(len(history.amounts), -1, 7)
    return np.asarray(np.tile(weeks.mean(axis=1), (1, n_days // 7)), np.float64)
