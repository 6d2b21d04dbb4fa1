"""What a contact is expected to bring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.targets.campaign import Terms
from nightmarket.decisions.targets.stock import Offer

UNITS = 10_000
"""Values are whole ten-thousandths of the currency, the contract's precision: then two equal values are equal."""


def expected_values(
    probability: NDArray[np.float64], incremental_amount: NDArray[np.float64], terms: Terms, offer: Offer
) -> NDArray[np.float64]:
    """Return the expected value of a contact before its cost, shape (n,), in ten-thousandths of the currency.

    Where it is proven, the sales that a contact alone brings; else the probability of a response times what one is
    worth, which also counts those who would have come anyway. Both times margin, and what stock leaves of it.

    Parameters
    ----------
    incremental_amount : sales that the contact alone brings; NaN where that is not proven, shape (n,)
    """
    of_response = probability * (terms.value_per_response_amount or 0.0)
    sales = np.where(np.isfinite(incremental_amount), incremental_amount, of_response)
    return np.rint(sales * (terms.margin_pct / 100) * offer.factor * UNITS)


def break_even_sales(terms: Terms, offer: Offer) -> float:
    """Return the sales that a contact has to bring, before margin, to pay its cost; NaN if nothing can be shipped."""
    kept = terms.margin_pct / 100 * offer.factor
    return terms.cost_amount / kept if kept > 0 else float("nan")


def in_units(amount: float) -> int:
    """Return an amount of the currency in whole ten-thousandths."""
    return round(amount * UNITS)
