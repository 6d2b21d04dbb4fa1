"""Demand without what the calendar did to it, and what the calendar will do to the weeks ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from nightmarket.modeling.calendar_effects import Calendar, CalendarEffects, estimate_effects, read_calendar
from nightmarket.modeling.demand.histories import Histories, Level
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel


def take_calendar_off(
    panel: Panel, histories: Mapping[Level, Histories]
) -> tuple[dict[Level, Histories], dict[Level, Doubles]]:
    """Return every level's series as ordinary weeks would have sold, and the factors of the weeks ahead, (m, 8).

    A product follows its category, and one without a category the shop.
    """
    factors = calendar_factors(panel, histories["category"])
    # A product without a category is in group -1: the last row, which is the shop's.
    rows = {
        "product": factors[histories["product"].group],
        "category": factors[histories["category"].rows],
        "total": factors[-1:],
    }
    n_weeks = panel.n_weeks
    return (
        {level: one.over(rows[level][:, :n_weeks]) for level, one in histories.items()},
        {level: rows[level][:, n_weeks:] for level in histories},
    )


def calendar_factors(panel: Panel, groups: Histories) -> Doubles:
    """Return how many times an ordinary week's units each week sells, (c + 1, W + 8); the last row is the shop's.

    Row i is the panel's i-th category. The first W columns are the panel's weeks, the others the weeks ahead. An
    ordinary week is one at the origin's time of year.
    """
    effects, weeks = calendar_effects(panel, groups)
    return effects.factors(weeks)


def calendar_effects(panel: Panel, groups: Histories) -> tuple[CalendarEffects, Calendar]:
    """Return the effects on the panel's c categories, and the calendar of its W weeks and the 8 ahead."""
    weekly = np.zeros((len(panel.category_ids), panel.n_weeks))
    weekly[groups.rows] = groups.filled
    first = panel.as_of_date - timedelta(days=7 * panel.n_weeks)
    n_days = 7 * (panel.n_weeks + HORIZON)
    weeks = read_calendar(first, n_days, panel.holidays, origin=panel.as_of_date).weeks()
    return estimate_effects(weekly, weeks.take(slice(panel.n_weeks))), weeks
