"""The best choice of contacts, exactly, by HiGHS (through ``scipy``).

With one cost per campaign, a budget is a number of places, and choosing is a transportation problem: its matrix is
totally unimodular, so the linear programme has a solution in whole numbers (Hoffman and Kruskal, 1956) and is as good
as the integer programme. That is not taken on trust: :func:`nightmarket.decisions.targets.prices.least_prices` proves
the choice. Where contacts of one campaign cost differently, the integer programme is solved, and its linear relaxation
gives the prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.targets.prices import least_prices
from nightmarket.decisions.targets.problem import Allocation, Problem
from nightmarket.errors import DecisionUnsolved

if TYPE_CHECKING:
    from scipy import sparse

MANY_PAIRS = 100_000
"""From here on, the interior-point method with crossover: 7 s where the dual simplex took 108 (840,000 pairs)."""

INTEGRAL = 1e-6


def allocate(problem: Problem) -> Allocation:
    """Return the choice of the greatest total worth.

    Pairs of exactly equal worth leave the choice to the solver; a lot in the worth settles them beforehand.

    Raises
    ------
    DecisionUnsolved
        The solver gave up, or what it found is not the best choice.
    """
    if len(problem) == 0:
        return Allocation(np.zeros(0, bool), np.zeros(len(problem.budget)), "nothing to choose")
    cost = problem.uniform_cost()
    if cost is None:
        return _choose_by_integers(problem)
    places = np.floor(np.divide(problem.budget, cost, out=np.full(len(cost), np.inf), where=cost > 0))
    share, _ = _solve_linear(problem, np.ones(len(problem)), places)
    is_chosen = share > 0.5
    if np.abs(share - is_chosen).max() > INTEGRAL:
        raise DecisionUnsolved(
            "Got a choice with parts of contacts but expected whole ones, which this problem always has. Nothing was "
            "decided; report this with the night's staged scores."
        )
    gain = least_prices(problem, is_chosen, places)
    price = np.divide(gain, cost, out=np.zeros(len(cost)), where=cost > 0)
    return Allocation(is_chosen, price, "HiGHS, linear programme")


def _solve_linear(
    problem: Problem, use: NDArray[np.float64], limit: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of each pair that is chosen, and the price of each campaign's ``limit``."""
    from scipy.optimize import linprog

    matrix, bounds, limited = _constraints(problem, use, limit)
    method = "highs-ipm" if len(problem) >= MANY_PAIRS else "highs-ds"
    found = linprog(-problem.worth, A_ub=matrix, b_ub=bounds, bounds=(0, 1), method=method)
    _check_solved(found)
    price = np.zeros(len(limit))
    price[limited] = -found.ineqlin.marginals[: len(limited)]
    return np.asarray(found.x), price


def _choose_by_integers(problem: Problem) -> Allocation:
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix, bounds, _ = _constraints(problem, problem.cost, problem.budget)
    found = milp(
        -problem.worth,
        integrality=np.ones(len(problem)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, bounds),
        options={"mip_rel_gap": 0},
    )
    _check_solved(found)
    _, price = _solve_linear(problem, problem.cost, problem.budget)
    return Allocation(np.asarray(found.x) > 0.5, np.maximum(price, 0), "HiGHS, integer programme")


def _constraints(
    problem: Problem, use: NDArray[np.float64], limit: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.int64]]:
    """Return the rows of limited campaigns, then those of customers with more pairs than room, and their bounds."""
    from scipy import sparse

    limited = np.flatnonzero(np.isfinite(limit))
    n_pairs = np.bincount(problem.customer, minlength=len(problem.room))
    capped = np.flatnonzero(n_pairs > problem.room)
    row_of_campaign = np.full(len(limit), -1)
    row_of_campaign[limited] = np.arange(len(limited))
    row_of_customer = np.full(len(problem.room), -1)
    row_of_customer[capped] = len(limited) + np.arange(len(capped))
    pairs = np.arange(len(problem))
    entries = []
    ones = np.ones(len(problem))
    for row, value in ((row_of_campaign[problem.campaign], use), (row_of_customer[problem.customer], ones)):
        there = row >= 0
        entries.append((value[there], row[there], pairs[there]))
    values, rows, columns = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = sparse.csr_array((values, (rows, columns)), shape=(len(limited) + len(capped), len(problem)))
    return matrix, np.concatenate([limit[limited], problem.room[capped].astype(np.float64)]), limited


def _check_solved(found: Any) -> None:
    if found.status != 0:
        raise DecisionUnsolved(
            f"Got no choice of contacts from HiGHS ({found.message}) but expected one: contacting nobody is always "
            "allowed. Nothing was decided; report this with the night's staged scores."
        )
