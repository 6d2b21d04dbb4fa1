"""Demand without what the calendar did to it, and what the calendar will do to the weeks ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from nightmarket.modeling.calendar_effects import estimate_effects, expose_days, shares_of_weeks
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

    Row i is the panel's i-th category. The first W columns are the panel's weeks, the others the weeks ahead.
    """
    weekly = np.zeros((len(panel.category_ids), panel.n_weeks))
    weekly[groups.rows] = groups.filled
    first = panel.as_of_date - timedelta(days=7 * panel.n_weeks)
    exposures = shares_of_weeks(expose_days(first, 7 * (panel.n_weeks + HORIZON), panel.holidays))
    return estimate_effects(weekly, exposures[: panel.n_weeks]).factors(exposures)
