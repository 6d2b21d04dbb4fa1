"""A shop's stock simulated day by day under given order-up-to levels. Pure.

What is assumed: observed sales are the whole demand; what is not on hand is lost, not ordered later; an order is placed
at a review in the morning, whole, and is on the shelf in the morning ``lead_time_days`` later; units can be ordered
singly; every policy starts with its own first level on hand and nothing on order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


def simulate(demand: Floats, levels: Floats, *, lead_time_days: int, review_period_days: int = 7) -> Played:
    """Play ``demand``, (n, days), with the level of each review, (n, reviews); the first review is on the first day."""
    n, n_days = demand.shape
    arriving = np.zeros((n, n_days + lead_time_days + 1))
    on_hand = levels[:, 0].astype(float)
    lost, sold, stock = np.zeros(n), np.zeros(n), np.zeros(n)
    on_order = np.zeros(n)
    n_orders = np.zeros(n, dtype=np.int64)
    for day in range(n_days):
        on_hand = on_hand + arriving[:, day]
        on_order = on_order - arriving[:, day]
        review, is_between = divmod(day, review_period_days)
        if not is_between:
            order = np.maximum(levels[:, review] - on_hand - on_order, 0)
            n_orders += order > 0
            if lead_time_days == 0:
                on_hand = on_hand + order
            else:
                arriving[:, day + lead_time_days] += order
                on_order = on_order + order
        from_stock = np.minimum(on_hand, demand[:, day])
        sold += from_stock
        lost += demand[:, day] - from_stock
        on_hand = on_hand - from_stock
        stock += on_hand
    return Played(lost, sold, stock / n_days, n_orders)
