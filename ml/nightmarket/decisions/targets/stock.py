"""What a campaign may promise: its products as ``decisions.reorder_plan`` sees them.

A product is *short* for a campaign that runs before tonight's order could be on the shelf (as_of_date plus lead time),
where the plan sees a risk of running out until then: it is not promoted, and its share of the campaign's value is left
out. A product in overstock is worth ``OVERSTOCK_BONUS`` more: selling it also saves what keeping it would cost. Shares
are those of expected sales (units times price).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

OVERSTOCK_BONUS = 0.2
"""A fifth more. A choice, not a measurement: it lets overstock win between offers of like value, and no further."""


@dataclass(frozen=True)
class StockPlan:
    """``decisions.reorder_plan`` as far as campaigns ask: one row per product and location.

    Attributes
    ----------
    product_ids : shape (n,), in any order
    sales_amount : expected over lead time and review; 0 where units or price are unknown, shape (n,)
    unit_price_amount : NaN where never sold, shape (n,)
    lead_time_days : shape (n,)
    is_short, is_overstock : False also where stock is not known, shape (n,)
    """

    product_ids: NDArray[np.str_]
    sales_amount: NDArray[np.float64]
    unit_price_amount: NDArray[np.float64]
    lead_time_days: NDArray[np.int64]
    is_short: NDArray[np.bool_]
    is_overstock: NDArray[np.bool_]


@dataclass(frozen=True)
class Offer:
    """What stock leaves of a campaign's value.

    Attributes
    ----------
    factor : what a response is worth with this stock, as a multiple of what it is worth with plenty
    shippable_share, overstock_share : of expected sales, 0 to 1
    mean_price_amount : of its products; None where no price is known
    note : in words; empty where stock changes nothing
    """

    factor: float
    shippable_share: float
    overstock_share: float
    mean_price_amount: float | None
    note: str


def weigh_offer(product_ids: NDArray[np.str_], stock: StockPlan, *, start_date: date, as_of: date) -> Offer:
    """Return what stock leaves of the value of a campaign that offers ``product_ids`` from ``start_date`` on."""
    rows = np.flatnonzero(np.isin(stock.product_ids, product_ids))
    if len(rows) == 0:
        return Offer(1.0, 1.0, 0.0, None, "" if len(product_ids) == 0 else "stock of its products not known")
    weights = stock.sales_amount[rows]
    if weights.sum() <= 0:
        weights = np.ones(len(rows))
    weights = weights / weights.sum()
    days_ahead = max((start_date - as_of).days, 0)
    short = stock.is_short[rows] & (days_ahead < stock.lead_time_days[rows])
    over = stock.is_overstock[rows] & ~short
    # 1 less the short share, so that a campaign without a short product has exactly 1.
    shippable = 0.0 if short.all() else 1.0 - float(weights[short].sum())
    overstock = float(weights[over].sum())
    prices = stock.unit_price_amount[rows]
    priced = np.isfinite(prices)
    notes = []
    if short.any():
        notes.append(f"{100 * (1 - shippable):.0f} % of its sales cannot be shipped and count for nothing")
    if over.any():
        notes.append(f"{100 * overstock:.0f} % of its sales are overstock and count {1 + OVERSTOCK_BONUS:g} times")
    return Offer(
        factor=shippable + OVERSTOCK_BONUS * overstock,
        shippable_share=shippable,
        overstock_share=overstock,
        mean_price_amount=float(prices[priced].mean()) if priced.any() else None,
        note=", ".join(notes),
    )
