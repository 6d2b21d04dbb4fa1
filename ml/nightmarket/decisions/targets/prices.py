"""What one more contact would bring, and the proof that no other choice brings more.

A choice of pairs is optimal exactly when there are prices (one per campaign, for a place in its budget; one per
customer, for one of the contacts they may still get) at which every chosen pair is worth its two prices and no other
pair is worth more, where what is not used up costs nothing: complementary slackness of the transportation problem
(Schrijver, *Combinatorial Optimization*, 2003, chapter 21). The prices are not unique. The least price of a campaign is
what one more place would bring; solvers give some price between that and what the last place brought. Found by the
longest paths between campaigns (Bellman and Ford), whose lack of an end would mean that a better choice exists.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.targets.problem import Problem
from nightmarket.errors import DecisionUnsolved

TOLERANCE = 1e-6
"""Of worth. Worths are whole ten-thousandths of the currency and a lot below 1; a few summed are far more exact."""


def least_prices(problem: Problem, is_chosen: NDArray[np.bool_], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one more place of each campaign would bring, shape (n_campaigns,).

    Parameters
    ----------
    places : contacts that each campaign can pay, inf where there is no limit, shape (n_campaigns,)

    Raises
    ------
    DecisionUnsolved
        The choice breaks a limit, or is not the best one.
    """
    campaign, customer, worth = problem.campaign[is_chosen], problem.customer[is_chosen], problem.worth[is_chosen]
    other_campaign, other_customer = problem.campaign[~is_chosen], problem.customer[~is_chosen]
    other_worth = problem.worth[~is_chosen]
    used = np.bincount(campaign, minlength=len(places))
    contacts = np.bincount(customer, minlength=len(problem.room))
    if (used > places).any() or (contacts > problem.room).any():
        raise _unsolved("breaks a budget or a cap")
    is_full = contacts >= problem.room
    price = np.zeros(len(places))
    for _ in range(len(places) + 2):
        # Who is full takes another contact only by giving up one, whose place then brings the price of its campaign.
        moved = np.full(len(problem.room), -np.inf)
        np.maximum.at(moved, customer, price[campaign] - worth)
        moved = np.where(is_full, moved, 0.0)
        gain = np.zeros(len(places))
        np.maximum.at(gain, other_campaign, other_worth + moved[other_customer])
        if (gain <= price + TOLERANCE).all():
            break
        price = np.maximum(price, gain)
    else:
        raise _unsolved("is not worth the most")
    is_idle = (price > TOLERANCE) & (used < places)
    if is_idle.any() or (worth < price[campaign] - TOLERANCE).any():
        raise _unsolved("is not worth the most")
    return price


def _unsolved(what: str) -> DecisionUnsolved:
    return DecisionUnsolved(
        f"Got a choice of contacts that {what} but expected the best one within every limit. Nothing was decided; "
        "report this with the night's staged scores."
    )
