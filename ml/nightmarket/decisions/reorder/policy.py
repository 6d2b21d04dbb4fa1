"""The reorder policy: periodic review, a reorder point, and an order up to a level, in whole packs.

At a review, what is on hand and on order must last until the delivery of the *next* review's order, so both levels
cover demand over lead time plus review period (Silver, Pyke and Thomas 2017, chapter 6, the (R, s, S) system):

- reorder point s: the quantile of that demand at the service level. Safety stock is what it holds beyond expected
  demand.
- order: if the position (on hand plus on order) is below s, the fewest whole packs that bring it to s, and no fewer
  than the minimum order. The contract knows no cost per order, and without one nothing is won by ordering more.
- order-up-to level S: s and one pack less a unit, the most that packs alone lead to. Where single units can be ordered,
  S is s. A minimum order may lead beyond it.

Quantiles of a forecast are points on a line, demand is whole units: k units are the line up to k + 1/2 (the continuity
correction), so levels are rounded half up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.lead_time_demand import WEEK_DAYS, WeeklyDemand

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """What to hold of each product, in units.

    Attributes
    ----------
    lot : fewest units that an order holds: the minimum order, in whole packs
    pack : units that an order is a multiple of
    """

    safety_stock: Floats
    reorder_point: Floats
    order_up_to: Floats
    lot: Floats
    pack: Floats


def stock_levels(expected: Floats, at_service_level: Floats, *, pack: Floats, min_order: Floats) -> Levels:
    """Return the levels of each product.

    Parameters
    ----------
    expected, at_service_level : mean, and quantile at the service level, of demand over lead time and review
    pack, min_order : units; NaN or 0 where single units can be ordered
    """
    pack, lot = lots(pack, min_order)
    reorder_point = round_half_up(at_service_level)
    return Levels(
        safety_stock=np.maximum(reorder_point - expected, 0),
        reorder_point=reorder_point,
        # Of what is never wanted nothing is held, whatever its pack.
        order_up_to=np.where(reorder_point > 0, reorder_point + np.maximum(pack - 1, 0), 0),
        lot=lot,
        pack=pack,
    )


def lots(pack: Floats, min_order: Floats) -> tuple[Floats, Floats]:
    """Return the units that come together, and the fewest that an order holds; single units where none are given."""
    pack = np.where(pack > 0, pack, 1.0)
    wanted = np.fmax(np.fmax(min_order, 0), pack)
    return pack, np.ceil(wanted / pack - 1e-9) * pack


def suggested_order(levels: Levels, position: Floats) -> Floats:
    """Return the units to order at each position (on hand plus on order), 0 from the reorder point on; NaN unknown."""
    order = order_units(levels.reorder_point, position, pack=levels.pack, lot=levels.lot)
    return np.where(np.isnan(position), np.nan, order)


def order_units(reorder_point: Floats, position: Floats, *, pack: Floats, lot: Floats) -> Floats:
    """Return the fewest packs that bring each position to its reorder point, and no less than the lot; 0 from it on."""
    missing = np.ceil((reorder_point - position) / pack - 1e-9) * pack
    return np.where(position < reorder_point, np.maximum(missing, lot), 0.0)


def cover_days(on_hand: Floats, weekly: WeeklyDemand, share: Floats) -> Floats:
    """Return how many days the units on hand last at expected demand; NaN without demand or stock data.

    Beyond the forecast, demand goes on at its mean.
    """
    units = weekly.units * share[:, None]
    n_weeks = units.shape[1]
    at_end = np.cumsum(units, axis=1)
    total = at_end[:, -1]
    week = np.minimum((at_end <= on_hand[:, None]).sum(axis=1), n_weeks - 1)
    of_week = np.take_along_axis(units, week[:, None], axis=1)[:, 0]
    before = np.take_along_axis(at_end, week[:, None], axis=1)[:, 0] - of_week
    within = WEEK_DAYS * (week + (on_hand - before) / np.where(of_week > 0, of_week, 1))
    days = WEEK_DAYS * n_weeks
    beyond = days * on_hand / np.where(total > 0, total, 1)
    return np.where(total > 0, np.where(on_hand >= total, beyond, within), np.nan)


def is_overstock(position: Floats, levels: Levels, units_ahead: Floats) -> NDArray[np.bool_]:
    """Return whether more is there than the level and the forecast's demand, or a minimum order where that is more."""
    return position > levels.order_up_to + np.maximum(units_ahead, levels.lot - levels.pack)


def holding_per_year(holding: Floats, unit_cost: Floats, *, holding_cost_pct: float) -> Floats:
    """Return what keeping a unit for a year costs: as given, or a percentage of what it costs; NaN where unknown.

    Neither a cost nor a holding cost below 0 is believed.
    """
    of_cost = np.where(unit_cost >= 0, unit_cost * holding_cost_pct / 100, np.nan)
    return np.where(holding >= 0, holding, of_cost)


def round_half_up(units: Floats) -> Floats:
    """Return whole units; a hair below a half is a half, so that the last bit of a sum decides nothing."""
    return np.floor(units + 0.5 + 1e-6)
