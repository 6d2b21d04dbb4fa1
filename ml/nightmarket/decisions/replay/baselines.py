"""What a planner would do by hand: a reorder point from a moving average, or from last year. Pure.

Both hold the mean of demand over lead time and review period and, for safety, the normal quantile of the service level
times the standard deviation of weekly units, by the square root of the weeks (Silver, Pyke and Thomas 2017, chapter 6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.policy import round_half_up

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

MEAN_WEEKS = 8
SPREAD_WEEKS = 13
YEAR_WEEKS = 52


def moving_average_level(units: Floats, service_level: Floats, *, horizon_days: Days) -> Floats:
    """Return the order-up-to level of each product from its weekly units so far, (n, weeks), the newest last.

    ``horizon_days`` is each product's lead time and review period, (n,).
    """
    return _level(units[:, -MEAN_WEEKS:].mean(axis=1), units, service_level, horizon_days)


def last_year_level(units: Floats, service_level: Floats, *, horizon_days: Days) -> tuple[Floats, bool]:
    """Return the level from the same weeks a year before, and whether there was such a year.

    Where the history does not reach back 52 weeks from the review, the mean of all weeks known stands for last year:
    what a planner in a shop's first year has.
    """
    first = units.shape[1] - YEAR_WEEKS
    if first >= 0:
        n_weeks = np.minimum(-(-horizon_days // 7), YEAR_WEEKS)
        up_to = np.cumsum(units[:, first:], axis=1)[np.arange(len(units)), n_weeks - 1]
        return _level(up_to / n_weeks, units, service_level, horizon_days), True
    return _level(units.mean(axis=1), units, service_level, horizon_days), False


def _level(mean: Floats, units: Floats, service_level: Floats, horizon_days: Days) -> Floats:
    from scipy.special import ndtri

    recent = units[:, -SPREAD_WEEKS:]
    spread = recent.std(axis=1, ddof=1) if recent.shape[1] > 1 else np.zeros(len(units))
    weeks = horizon_days / 7
    return np.maximum(round_half_up(mean * weeks + ndtri(service_level) * spread * np.sqrt(weeks)), 0)
