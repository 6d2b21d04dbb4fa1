"""How the weekly level goes on: the methods that compete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nightmarket.modeling.sales.history import WEEKS_AHEAD, Doubles

FALLBACK = "mean of 4 weeks"
"""What is used where the history is too short to compare methods."""
YEAR = 52
_GROWTH_WEEKS = 8


def _mean_of(n: int) -> Callable[[Doubles], Doubles]:
    def forecast(weekly: Doubles) -> Doubles:
        return np.repeat(weekly[:, -n:].mean(axis=1)[:, None], WEEKS_AHEAD, axis=1)

    return forecast


def _smooth(weekly: Doubles) -> Doubles:
    from statsforecast.models import SimpleExponentialSmoothingOptimized  # seconds to import

    return _one_by_one(SimpleExponentialSmoothingOptimized(), weekly)


def _damped_trend(weekly: Doubles) -> Doubles:
    from statsforecast.models import AutoETS  # seconds to import

    return _one_by_one(AutoETS(season_length=1, model="AAN", damped=True), weekly)


def _one_by_one(model: Any, weekly: Doubles) -> Doubles:
    # A series that never moves has nothing to estimate.
    return np.asarray(
        [
            np.full(WEEKS_AHEAD, one[-1]) if np.ptp(one) == 0 else model.forecast(y=one, h=WEEKS_AHEAD)["mean"]
            for one in weekly
        ],
        np.float64,
    ).reshape(len(weekly), WEEKS_AHEAD)


def _last_year(weekly: Doubles) -> Doubles:
    """Return the same weeks of last year, times the growth of the last 8 weeks over theirs."""
    n_weeks = weekly.shape[1]
    start = n_weeks - YEAR
    season = weekly[:, start : start + WEEKS_AHEAD]
    now, then = weekly[:, -_GROWTH_WEEKS:].sum(axis=1), weekly[:, start - _GROWTH_WEEKS : start].sum(axis=1)
    growth = np.where(then > 0, now / np.where(then > 0, then, 1), 1)
    return np.asarray(season * np.clip(growth, 0.5, 2)[:, None])


METHODS: Mapping[str, Callable[[Doubles], Doubles]] = {
    "mean of 4 weeks": _mean_of(4),
    "mean of 8 weeks": _mean_of(8),
    "mean of 13 weeks": _mean_of(13),
    "exponential smoothing": _smooth,
    "damped trend": _damped_trend,
    "last year and growth": _last_year,
}
"""Weekly sales (m, W) in, the next 8 weeks (m, 8) out."""
SHORTEST = {"last year and growth": YEAR + _GROWTH_WEEKS, "exponential smoothing": 8, "damped trend": 12}
"""Weeks of history that a method needs, where it is more than 1."""


def forecast_level(method: str, weekly: Doubles) -> Doubles:
    """Return the next 8 weeks of every series, (m, 8), never below 0.

    Parameters
    ----------
    method : one of ``METHODS``; the mean of 4 weeks stands in where the history is too short for it
    weekly : (m, W) sales
    """
    known = method if weekly.shape[1] >= SHORTEST.get(method, 1) else FALLBACK
    return np.maximum(METHODS[known](weekly), 0)
