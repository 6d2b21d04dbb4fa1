"""A shop's stock simulated day by day under given reorder points. Pure.

What is assumed: observed sales are the whole demand; what is not on hand is lost, not ordered later; an order is placed
at a review in the morning, whole, by the plan's own rule (the fewest packs that reach the level, and no fewer than the
minimum order), and is on the shelf in the morning after its lead time; every policy starts with its own first level on
hand and nothing on order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.policy import order_units

Floats = NDArray[np.float64]
Days = NDArray[np.int64]


@dataclass(frozen=True)
class Terms:
    """How each of n products is ordered.

    Attributes
    ----------
    lead_time_days : from an order to the shelf
    pack, lot : units that come together, and the fewest that can be ordered, in whole packs
    """

    lead_time_days: Days
    pack: Floats
    lot: Floats

    @classmethod
    def of_single_units(cls, n: int, lead_time_days: int) -> Terms:
        """Return one lead time for all, and no packs."""
        return cls(np.full(n, lead_time_days), np.ones(n), np.ones(n))


@dataclass(frozen=True)
class Played:
    """What a policy did to each of n products over all days.

    Attributes
    ----------
    lost : units wanted and not there
    sold : units wanted and there
    mean_stock : units on hand at the close, mean over the days
    n_orders : reviews at which something was ordered
    """

    lost: Floats
    sold: Floats
    mean_stock: Floats
    n_orders: NDArray[np.int64]

    @property
    def fill_rate(self) -> float:
        """Share of all units wanted that were there; NaN where none was wanted."""
        wanted = float(self.sold.sum() + self.lost.sum())
        return float(self.sold.sum()) / wanted if wanted > 0 else float("nan")


def simulate(demand: Floats, levels: Floats, terms: Terms, *, review_period_days: int) -> Played:
    """Play ``demand``, (n, days), with the level of each review, (n, reviews); the first review is on the first day."""
    n, n_days = demand.shape
    arriving = np.zeros((n, n_days + int(terms.lead_time_days.max(initial=0)) + 1))
    product = np.arange(n)
    on_hand = levels[:, 0].astype(float)
    lost, sold, stock = np.zeros(n), np.zeros(n), np.zeros(n)
    on_order = np.zeros(n)
    n_orders = np.zeros(n, dtype=np.int64)
    for day in range(n_days):
        review, is_between = divmod(day, review_period_days)
        if not is_between:
            # What is due this morning is still counted as on order; with a lead time of 0 the order is due as well.
            order = order_units(levels[:, review], on_hand + on_order, pack=terms.pack, lot=terms.lot)
            n_orders += order > 0
            arriving[product, day + terms.lead_time_days] += order
            on_order = on_order + order
        on_hand = on_hand + arriving[:, day]
        on_order = on_order - arriving[:, day]
        from_stock = np.minimum(on_hand, demand[:, day])
        sold += from_stock
        lost += demand[:, day] - from_stock
        on_hand = on_hand - from_stock
        stock += on_hand
    return Played(lost, sold, stock / n_days, n_orders)
