"""What the reorder plan is made from, as aligned arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class ForecastDemand:
    """The demand that was scored: one row per product, sorted by it, with its category (None for none)."""

    product_ids: Texts
    category_ids: Texts
    weekly: WeeklyDemand


@dataclass(frozen=True)
class RecentSales:
    """What was sold in the weeks before the night: one row per product, sorted by it.

    Attributes
    ----------
    units : (n, 26) units of purchases in each 7 days, the newest last
    sales_amount : (n,) what they brought in all
    """

    product_ids: Texts
    units: Floats
    sales_amount: Floats


@dataclass(frozen=True)
class Stock:
    """The newest stock known: one row per product and location, sorted by both. NaN: not known.

    Attributes
    ----------
    age_days : days from the close of the day it was counted on to the night
    holding_cost : of a unit, for a year
    """

    product_ids: Texts
    location_ids: Texts
    age_days: Floats
    on_hand: Floats
    on_order: Floats
    lead_time_days: Floats
    pack_size: Floats
    min_order: Floats
    unit_cost: Floats
    unit_margin: Floats
    holding_cost: Floats


@dataclass(frozen=True)
class LocationSales:
    """Units sold recently by product and location, for products in stock: sorted by both."""

    product_ids: Texts
    location_ids: Texts
    units: Floats


@dataclass(frozen=True)
class Rules:
    """What the shop says about ordering where its tables do not.

    Attributes
    ----------
    service_levels : of classes A, B and C
    holding_cost_pct : of a unit's cost, a year
    """

    lead_time_days: int = 7
    review_period_days: int = 7
    service_levels: tuple[float, float, float] = (0.98, 0.95, 0.90)
    holding_cost_pct: float = 25.0
