"""What a campaign may promise: its products as ``decisions.reorder_plan`` sees them.

A product is *missing* where nothing of it is on hand or on order: until tonight's order could be on the shelf
(as_of_date plus lead time), and beyond it where the plan orders nothing. A product that the plan sees at risk *may run
out* until then. What is missing, or more likely to run out than not, is not promoted: its share of the campaign's value
is left out. Of another at risk the share counts with the probability that it lasts: a service level of 98 % calls 3 % a
risk, which is a reason to order and none to stay silent. A product in overstock is worth ``OVERSTOCK_BONUS`` more:
selling it also saves what keeping it would cost. Shares are those of expected sales (units times price), and of
products where no sales of any are expected.

A product that neither the catalogue nor the plan knows is ignored beside others: it may be a typo, or new. Where all
are unknown, nothing can be sold, and nobody is contacted for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

MAX_RUN_OUT_PROBABILITY = 0.5
"""A product that is more likely to run out than to last is not promoted: the campaign itself would make it sooner."""
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
    position_units : on hand and on order; NaN where stock is not known, shape (n,)
    order_units : what the plan orders tonight; NaN where stock is not known, shape (n,)
    run_out_probability : within the lead time where the plan sees a risk; 0 elsewhere, shape (n,)
    is_overstock : False also where stock is not known, shape (n,)
    """

    product_ids: NDArray[np.str_]
    sales_amount: NDArray[np.float64]
    unit_price_amount: NDArray[np.float64]
    lead_time_days: NDArray[np.int64]
    position_units: NDArray[np.float64]
    order_units: NDArray[np.float64]
    run_out_probability: NDArray[np.float64]
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
    is_unknown : it says what it offers, and nobody knows any of that
    """

    factor: float
    shippable_share: float
    overstock_share: float
    mean_price_amount: float | None
    note: str
    is_unknown: bool = False


def weigh_offer(
    product_ids: NDArray[np.str_],
    stock: StockPlan,
    *,
    start_date: date,
    as_of: date,
    not_in_catalogue: NDArray[np.str_] | None = None,
) -> Offer:
    """Return what stock leaves of the value of a campaign that offers ``product_ids`` from ``start_date`` on.

    Parameters
    ----------
    not_in_catalogue : those of ``product_ids`` that the catalogue did not have before the night; None for none of them.
        What is sold or in stock all the same counts as known.
    """
    n_unknown = 0 if not_in_catalogue is None else int((~np.isin(not_in_catalogue, stock.product_ids)).sum())
    if 0 < len(product_ids) == n_unknown:
        return Offer(0.0, 0.0, 0.0, None, "", is_unknown=True)
    unknown = [f"{n_unknown} of its {len(product_ids)} products not in the catalogue"] if n_unknown else []
    rows = np.flatnonzero(np.isin(stock.product_ids, product_ids))
    if len(rows) == 0:
        without = [] if len(product_ids) == 0 else ["stock of its products not known"]
        return Offer(1.0, 1.0, 0.0, None, ", ".join([*unknown, *without]))
    weights = stock.sales_amount[rows]
    what = "sales"
    if weights.sum() <= 0:
        weights, what = np.ones(len(rows)), "products"
    weights = weights / weights.sum()
    starts_before_order = max((start_date - as_of).days, 0) < stock.lead_time_days[rows]
    is_missing = (stock.position_units[rows] <= 0) & (starts_before_order | (stock.order_units[rows] <= 0))
    risk = np.where(starts_before_order & ~is_missing, stock.run_out_probability[rows], 0.0)
    lost = np.where(is_missing | (risk > MAX_RUN_OUT_PROBABILITY), 1.0, risk)
    over = stock.is_overstock[rows] & (lost == 0)
    # 1 less what is lost, so that a campaign without such a product has exactly 1.
    shippable = 0.0 if (lost == 1).all() else 1.0 - float(weights @ lost)
    overstock = float(weights[over].sum())
    prices = stock.unit_price_amount[rows]
    priced = np.isfinite(prices)
    notes = unknown
    # Beside others that sell, what never sold is a share of nothing and changes nothing: nothing is said of it.
    if weights[is_missing].any():
        notes.append(f"{_share(weights[is_missing])} of its {what} cannot be shipped and count for nothing")
    if weights[risk > 0].any():
        at_risk = risk > 0
        counted = 1 - float(weights[at_risk] @ lost[at_risk]) / max(float(weights[at_risk].sum()), 1e-12)
        notes.append(f"{_share(weights[at_risk])} of its {what} may run out and count for {100 * counted:.0f} %")
    if overstock > 0:
        notes.append(f"{_share(weights[over])} of its {what} are overstock and count {1 + OVERSTOCK_BONUS:g} times")
    return Offer(
        factor=shippable + OVERSTOCK_BONUS * overstock,
        shippable_share=shippable,
        overstock_share=overstock,
        mean_price_amount=float(prices[priced].mean()) if priced.any() else None,
        note=", ".join(notes),
    )


def _share(weights: NDArray[np.float64]) -> str:
    share = 100 * float(weights.sum())
    return "less than 1 %" if share < 0.5 else f"{share:.0f} %"
