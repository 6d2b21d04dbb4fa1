"""The choice of contacts against every possible choice, on shops small enough to try them all."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightmarket.decisions.targets.optimise import allocate
from nightmarket.decisions.targets.prices import least_prices
from nightmarket.decisions.targets.problem import Problem
from nightmarket.errors import DecisionUnsolved


def problem_of(
    worths: list[list[float]], *, room: list[int], budget: list[float], cost: list[list[float]] | None = None
) -> Problem:
    """Lay out a table of worths, customers by campaigns; a worth of 0 is no pair."""
    table = np.array(worths, dtype=float)
    customer, campaign = np.nonzero(table)
    costs = np.ones_like(table) if cost is None else np.array(cost, dtype=float)
    return Problem(
        customer=customer,
        campaign=campaign,
        worth=table[customer, campaign],
        cost=costs[customer, campaign],
        room=np.array(room),
        budget=np.array(budget, dtype=float),
    )


def best_by_trying(problem: Problem) -> float:
    """Return the greatest total worth among all choices within the limits."""
    best = 0.0
    for choice in product((False, True), repeat=len(problem)):
        chosen = np.array(choice, dtype=bool)
        if _is_within(problem, chosen):
            best = max(best, float(problem.worth[chosen].sum()))
    return best


def _is_within(problem: Problem, chosen: NDArray[np.bool_]) -> bool:
    spent = np.bincount(problem.campaign[chosen], problem.cost[chosen], minlength=len(problem.budget))
    contacts = np.bincount(problem.customer[chosen], minlength=len(problem.room))
    return bool((spent <= problem.budget).all() and (contacts <= problem.room).all())


@st.composite
def tiny_problems(draw: st.DrawFn, *, costs_differ: bool = False) -> Problem:
    n_customers, n_campaigns = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    worths = st.one_of(st.just(0.0), st.integers(1, 9).map(float), st.floats(0.01, 9).map(lambda x: round(x, 2)))
    table = [[draw(worths) for _ in range(n_campaigns)] for _ in range(n_customers)]
    unit = st.sampled_from([1.0, 2.0, 3.0])
    by_campaign = [draw(unit) for _ in range(n_campaigns)]
    cost = [[draw(unit) if costs_differ else by_campaign[k] for k in range(n_campaigns)] for _ in range(n_customers)]
    budget = [draw(st.one_of(st.just(float("inf")), st.integers(0, 7).map(float))) for _ in range(n_campaigns)]
    room = [draw(st.integers(0, 3)) for _ in range(n_customers)]
    return problem_of(table, room=room, budget=budget, cost=cost)


@settings(max_examples=150, deadline=None)
@given(tiny_problems())
def test_no_choice_within_the_limits_is_worth_more(problem: Problem) -> None:
    found = allocate(problem)
    assert _is_within(problem, found.is_chosen)
    assert problem.worth[found.is_chosen].sum() == pytest.approx(best_by_trying(problem), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(tiny_problems(costs_differ=True))
def test_contacts_that_cost_differently_are_chosen_by_integers_and_as_well(problem: Problem) -> None:
    found = allocate(problem)
    assert _is_within(problem, found.is_chosen)
    assert problem.worth[found.is_chosen].sum() == pytest.approx(best_by_trying(problem), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(tiny_problems(), st.integers(0, 2))
def test_the_price_is_what_one_more_contact_would_bring(problem: Problem, position: int) -> None:
    position %= len(problem.budget)
    cost = problem.cost[problem.campaign == position]
    found = allocate(problem)
    if len(cost) == 0 or np.isinf(problem.budget[position]):
        assert found.price[position] == 0
        return
    budget = problem.budget.copy()
    budget[position] = cost[0] * (budget[position] // cost[0] + 1)
    gain = best_by_trying(replace(problem, budget=budget)) - best_by_trying(problem)
    assert found.price[position] * cost[0] == pytest.approx(gain, abs=1e-6)


def test_the_last_place_goes_to_whoever_is_worth_most_over_what_they_could_do_elsewhere() -> None:
    # One contact each, one place in each campaign: the first customer is best for both, and the sum decides.
    problem = problem_of([[9, 8], [7, 1]], room=[1, 1], budget=[1, 1])
    found = allocate(problem)
    assert problem.worth[found.is_chosen].tolist() == [8, 7]
    # With one more place in the first campaign, the first customer would move there for 1 more. In the second campaign
    # a place is of no use: who is not in it would have to give up more.
    assert found.price.tolist() == [1, 0]


def test_a_budget_without_limit_and_a_cap_without_pairs_leave_everybody_in() -> None:
    found = allocate(problem_of([[1, 2], [3, 4]], room=[2, 2], budget=[float("inf"), float("inf")]))
    assert found.is_chosen.all()
    assert found.price.tolist() == [0, 0]


def test_without_pairs_there_is_nothing_to_choose() -> None:
    found = allocate(problem_of([[0.0]], room=[1], budget=[5]))
    assert (len(found.is_chosen), found.price.tolist(), found.solver) == (0, [0.0], "nothing to choose")


@pytest.mark.parametrize(
    ("chosen", "what"),
    [
        ([True, True, False, True], "breaks a budget or a cap"),
        ([False, False, False, False], "is not worth the most"),
        ([False, True, False, False], "is not worth the most"),
        # Both places are filled the wrong way around: 9 + 8 is more than 1 + 2.
        ([True, False, False, True], "is not worth the most"),
    ],
)
def test_a_choice_that_is_not_the_best_is_not_believed(chosen: list[bool], what: str) -> None:
    problem = problem_of([[1, 8], [9, 2]], room=[1, 1], budget=[1, 1])
    with pytest.raises(DecisionUnsolved, match=f"Got a choice of contacts that {what} but expected the best one"):
        least_prices(problem, np.array(chosen), np.array([1.0, 1.0]))


def test_a_hundred_thousand_pairs_are_chosen_exactly_too() -> None:
    random = np.random.default_rng(5)
    n_customers, n_campaigns = 20_000, 6
    problem = Problem(
        customer=np.repeat(np.arange(n_customers), n_campaigns),
        campaign=np.tile(np.arange(n_campaigns), n_customers),
        worth=random.gamma(1.0, 2000.0, n_customers * n_campaigns) + 1,
        cost=np.full(n_customers * n_campaigns, 5000.0),
        room=np.full(n_customers, 2),
        budget=np.full(n_campaigns, 5000.0 * 3000),
    )
    found = allocate(problem)
    assert np.bincount(problem.campaign[found.is_chosen]).tolist() == [3000] * n_campaigns
    assert np.bincount(problem.customer[found.is_chosen]).max() == 2
