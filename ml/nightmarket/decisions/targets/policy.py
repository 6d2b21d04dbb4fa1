"""Whom to contact, whom to hold out, whom to leave alone: the whole policy, from known campaigns to decisions.

In this order, so that what is measured later is a fair comparison: a lot holds out a share of *everybody* who could be
contacted; the others compete for budgets and caps; then those held out who would have been chosen at the prices that
this competition ended with are the comparison group. Who is held out and would not have been chosen is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.targets.holdout import draw_lots
from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.optimise import allocate
from nightmarket.decisions.targets.prices import TOLERANCE
from nightmarket.decisions.targets.problem import Allocation, Problem
from nightmarket.decisions.targets.value import UNITS, expected_values, in_units


@dataclass(frozen=True)
class Choice:
    """What is decided, a row per candidate in their order.

    Attributes
    ----------
    is_contacted : to be contacted tonight
    is_held_out : would be contacted, were it not for the holdout
    is_holdout : the lot falls into the holdout, whatever is decided
    value_amount : expected value of the contact less its cost
    cost_amount : of the contact
    would_pay : at the campaign's price in contacts alone, the pair would be worth its place
    price : by campaign, what one more unit of its budget brings; NaN without a budget or a cost
    """

    is_contacted: NDArray[np.bool_]
    is_held_out: NDArray[np.bool_]
    is_holdout: NDArray[np.bool_]
    value_amount: NDArray[np.float64]
    cost_amount: NDArray[np.float64]
    would_pay: NDArray[np.bool_]
    price: NDArray[np.float64]
    solver: str


def choose_targets(
    candidates: Candidates, campaigns: Mapping[str, Campaign], *, as_of: date, contact_cap: int, salt: str
) -> Choice:
    """Return the decision on every candidate.

    Parameters
    ----------
    campaigns : by id, one for each of ``candidates.campaign_ids``
    contact_cap : contacts that a customer may get in 28 days: in those from the night on, with what was made in those
        before it, and in each 28 days after them
    salt : decides, with customer and campaign, who is held out and who goes first of equals

    Raises
    ------
    DecisionUnsolved
        The optimisation ended without the best choice.
    """
    ordered = [campaigns[campaign_id] for campaign_id in candidates.campaign_ids]
    n = len(candidates)
    lots = draw_lots(
        salt,
        [candidates.customer_ids[position] for position in candidates.customer],
        [candidates.campaign_ids[position] for position in candidates.campaign],
    )
    gross, cost, share = np.zeros(n), np.zeros(n), np.zeros(n)
    for position, campaign in enumerate(ordered):
        rows = _rows_of(candidates, position)
        gross[rows] = expected_values(
            candidates.probability[rows], candidates.incremental_amount[rows], campaign.terms, campaign.offer
        )
        cost[rows] = in_units(campaign.terms.cost_amount)
        share[rows] = campaign.terms.holdout_share
    is_done = ~np.isnat(candidates.contacted_on)
    cost[is_done] = 0
    worth = gross - cost
    customer, room = _rooms(candidates, [campaign.period(as_of) for campaign in ordered], contact_cap)
    is_open = np.array([campaign.is_worth_something for campaign in ordered], dtype=bool)[candidates.campaign]
    pays = np.array([campaign.pays_a_contact for campaign in ordered], dtype=bool)[candidates.campaign]
    # Without a contact to pay, a campaign still takes part: what one would bring is its price.
    is_eligible = ~is_done & is_open & (worth > 0) & (room[customer] > 0)
    is_holdout = lots.holdout < share
    # A lot of less than a ten-thousandth of the currency settles ties: a total of n contacts is less than n of those
    # from the greatest there is.
    problem = Problem(
        customer=customer,
        campaign=candidates.campaign,
        worth=worth + lots.tie,
        cost=cost,
        room=room,
        budget=np.array([campaign.budget_left for campaign in ordered]),
    )
    competing = np.flatnonzero(is_eligible & ~is_holdout)
    found = allocate(_subset(problem, competing))
    is_contacted = np.zeros(n, bool)
    is_contacted[competing[found.is_chosen]] = True
    surplus = problem.worth - found.price[problem.campaign] * problem.cost
    # The first who found no place is worth the price exactly; a price times a cost is off by a rounding error.
    surplus[np.abs(surplus) <= TOLERANCE] = 0.0
    is_held_out = _would_be_chosen(problem, surplus, is_eligible & ~is_holdout, is_eligible & is_holdout & pays)
    return Choice(
        is_contacted=is_contacted,
        is_held_out=is_held_out,
        is_holdout=is_holdout,
        value_amount=worth / UNITS,
        cost_amount=cost / UNITS,
        would_pay=is_eligible & (surplus > 0),
        price=_published_prices(found, ordered),
        solver=found.solver,
    )


def _rooms(candidates: Candidates, periods: list[int], contact_cap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair's position among customers and periods, and the contacts left in each of these.

    Only the first 28 days share a customer's room with what was contacted before.
    """
    later = np.array(sorted(set(periods) - {0}), dtype=np.int64)
    n_customers = len(candidates.customer_ids)
    nth = np.array([0 if period == 0 else 1 + int(np.searchsorted(later, period)) for period in periods], np.int64)
    room = np.concatenate(
        [
            np.maximum(contact_cap - candidates.n_recent_contacts, 0),
            np.full(n_customers * len(later), contact_cap, dtype=np.int64),
        ]
    )
    return candidates.customer + n_customers * nth[candidates.campaign], room


def _would_be_chosen(
    problem: Problem, surplus: NDArray[np.float64], competes: NDArray[np.bool_], is_held: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which of the pairs held out would have been chosen at the prices that the others ended with.

    By the rule that holds for the others: worth more than the campaign's price, and among the best of the customer for
    as many contacts as there is room for.
    """
    order = np.lexsort((-surplus, problem.customer))
    order = order[(competes | is_held)[order] & (surplus[order] > 0)]
    customer, rival = problem.customer[order], competes[order].astype(np.int64)
    before = np.cumsum(rival) - rival
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(order))))
    would = np.zeros(len(problem), bool)
    would[order[is_held[order] & (before < problem.room[customer])]] = True
    return would


def _subset(problem: Problem, rows: NDArray[np.int64]) -> Problem:
    return replace(
        problem,
        customer=problem.customer[rows],
        campaign=problem.campaign[rows],
        worth=problem.worth[rows],
        cost=problem.cost[rows],
    )


def _published_prices(found: Allocation, ordered: list[Campaign]) -> NDArray[np.float64]:
    price = found.price.copy()
    free = [campaign.terms.budget_amount is None or campaign.terms.cost_amount <= 0 for campaign in ordered]
    price[np.array(free, dtype=bool)] = np.nan
    # A ten-thousandth is also what the lots of the ties can move.
    return np.round(price, 4)


def _rows_of(candidates: Candidates, position: int) -> slice:
    first, last = np.searchsorted(candidates.campaign, [position, position + 1])
    return slice(int(first), int(last))
