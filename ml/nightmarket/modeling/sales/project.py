"""From the levels of the weeks to days that add up: to weeks, and from categories to the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.calendar_effects import estimate_effects, read_calendar
from nightmarket.modeling.sales.calendar import (
    find_closed_days,
    find_days_that_never_sell,
    normal_weeks,
    week_profile,
)
from nightmarket.modeling.sales.history import DAYS_AHEAD, WEEKS_AHEAD, Doubles, SalesHistory
from nightmarket.modeling.sales.levels import forecast_level
from nightmarket.modeling.sales.recipe import GROUPS, TOTAL, group_by_size


@dataclass(frozen=True)
class Ground:
    """What forecasts of one origin stand on.

    Attributes
    ----------
    sold : (k, W) sales of weeks, closed days filled in
    weekly : (k, W) the same without what the calendar did: what ordinary weeks would have sold
    ahead : (k, 56) how many times an ordinary day each coming day sells
    profile : (k, 7) shares of the days of a week
    groups : (k,) by size
    never_sells : (56,) coming days without sales
    """

    sold: Doubles
    weekly: Doubles
    ahead: Doubles
    profile: Doubles
    groups: NDArray[np.object_]
    never_sells: NDArray[np.bool_]

    def days(self, levels: Doubles) -> Doubles:
        """Return the days of ordinary weeks' ``levels`` (k, 8) with the calendar put back, (k, 56)."""
        return (levels[:, :, None] * self.profile[:, None, :]).reshape(len(levels), -1) * self.ahead


def prepare(history: SalesHistory) -> Ground:
    """Return what forecasts of ``history``'s origin stand on."""
    closed = find_closed_days(history)
    profile = week_profile(history, closed)
    sold = normal_weeks(history, profile, closed)
    n_days = history.amounts.shape[1] + DAYS_AHEAD
    days = read_calendar(history.day(0), n_days, history.holidays, origin=history.as_of_date)
    past = days.weeks().take(slice(history.n_weeks))
    effects = estimate_effects(sold, past)
    return Ground(
        sold,
        sold / effects.factors(past)[:-1],
        effects.factors(days.take(slice(-DAYS_AHEAD, None)))[:-1],
        profile,
        group_by_size(sold),
        find_days_that_never_sell(history),
    )


def project(ground: Ground, methods: Mapping[str, str], *, is_scaled: bool) -> Doubles:
    """Return the sales of the coming days by category, (k, 56).

    Weeks are sums of days and the total is the sum of categories, so everything adds up whatever is added first.
    """
    levels = np.zeros((len(ground.weekly), WEEKS_AHEAD))
    for group in GROUPS:
        rows = np.flatnonzero(ground.groups == group)
        if len(rows):
            levels[rows] = forecast_level(methods[group], ground.weekly[rows])
    if is_scaled:
        total = forecast_level(methods[TOTAL], ground.weekly.sum(axis=0)[None])[0]
        sums = levels.sum(axis=0)
        levels = levels * np.where(sums > 0, total / np.where(sums > 0, sums, 1), 1)
    return np.where(ground.never_sells, 0, ground.days(levels))
