"""The simulated shop keeps its books, and the plan is held against policies at equal stock."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.decisions.reorder.inputs import Rules, Stock
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.replay.baselines import last_year_level, moving_average_level
from nightmarket.decisions.replay.match import match_stock, scaled_risk
from nightmarket.decisions.replay.play import LAST_YEAR, MOVING_AVERAGE, PLAN, Past, lost_units_draws, play_policies
from nightmarket.decisions.replay.simulate import Played, Terms, simulate
from nightmarket.decisions.replay.terms import product_terms


def test_an_order_is_on_the_shelf_after_its_lead_time_and_what_is_missing_is_lost() -> None:
    demand = np.array([[2.0] * 14])
    played = simulate(demand, np.array([[10.0, 10.0]]), Terms.of_single_units(1, 3), review_period_days=7)
    # Days 0 to 4 sell the 10, days 5 and 6 lose 4; the order of day 7 comes on day 10: days 7 to 9 lose 6.
    assert played.lost[0] == 10
    assert played.sold[0] == 18
    assert played.n_orders[0] == 1
    assert played.fill_rate == pytest.approx(18 / 28)


def test_enough_stock_loses_nothing_and_is_counted_at_the_close() -> None:
    played = simulate(np.array([[1.0] * 7]), np.array([[7.0]]), Terms.of_single_units(1, 7), review_period_days=7)
    assert played.lost[0] == 0
    assert played.mean_stock[0] == pytest.approx(3)


def test_units_are_neither_made_nor_lost() -> None:
    rng = np.random.default_rng(3)
    demand = rng.poisson(3, (20, 70)).astype(float)
    played = simulate(
        demand, rng.integers(10, 60, (20, 10)).astype(float), Terms.of_single_units(20, 5), review_period_days=7
    )
    assert played.sold + played.lost == pytest.approx(demand.sum(axis=1))


def test_a_moving_average_holds_the_mean_and_some_spread() -> None:
    units = np.array([[10.0] * 13])
    assert moving_average_level(units, np.array([0.95]), horizon_days=np.array([14]))[0] == 20


def test_last_year_reads_the_same_weeks_and_says_where_there_were_none() -> None:
    year = np.array([[30.0, 50.0] + [10.0] * 50])
    level, has_year = last_year_level(year, np.array([0.5]), horizon_days=np.array([14]))
    assert (level[0], has_year) == (80, True)
    level, has_year = last_year_level(year[:, -20:], np.array([0.5]), horizon_days=np.array([14]))
    assert (level[0], has_year) == (20, False)


def test_the_plan_is_matched_to_no_more_than_the_others_stock() -> None:
    def play_at(factor: float) -> Played:
        return Played(np.array([factor]), np.array([1.0]), np.array([10 / factor]), np.array([1]))

    factor, played = match_stock(play_at, 5.0)
    assert factor == pytest.approx(2, rel=0.02)
    assert played.mean_stock.sum() <= 5


def test_more_risk_is_a_lower_level() -> None:
    assert scaled_risk(np.array([0.98, 0.9]), 2.0) == pytest.approx([0.96, 0.8])


def test_an_order_takes_whole_packs_its_minimum_and_each_product_its_own_lead_time() -> None:
    demand = np.array([[2.0] * 14] * 3)
    terms = Terms(np.array([0, 3, 3]), np.array([1.0, 6.0, 1.0]), np.array([1.0, 6.0, 30.0]))
    played = simulate(demand, np.full((3, 2), 10.0), terms, review_period_days=7)
    # All have nothing on day 7. The first has its 10 at once, for five days; the others lose days 7 to 9, then have 12
    # (two packs) or 30 (the minimum) for the 8 of the last four days.
    assert played.lost.tolist() == [4 + 4, 4 + 6, 4 + 6]
    assert played.mean_stock * 14 == pytest.approx([20 + 20, 20 + 10 + 8 + 6 + 4, 20 + 28 + 26 + 24 + 22])


def _past(n_reviews: int) -> Past:
    """Twenty products that sell like dice, forecast as they are, for 28 days."""
    rng = np.random.default_rng(5)
    demand = rng.poisson(3, (20, 28)).astype(float)
    known = [rng.poisson(21, (20, 20)).astype(float)] * n_reviews
    weekly = WeeklyDemand(np.full((20, 8), 21.0), np.tile([13.5, 17.9, 21.0, 24.0, 28.7], (20, 8, 1)))
    return Past(demand, known, [weekly] * n_reviews)


@pytest.mark.parametrize(("period", "n_reviews"), [(7, 4), (3, 10), (1, 28)])
def test_all_policies_review_at_the_shops_period_and_cover_it(period: int, n_reviews: int) -> None:
    level = np.full(20, 0.95)
    found = play_policies(_past(n_reviews), level, Terms.of_single_units(20, 2), review_period_days=period)
    assert found.n_reviews == n_reviews
    for name in (PLAN, MOVING_AVERAGE, LAST_YEAR):
        # Rarer reviews hold more: a level that covers 3 days instead of 9.
        held = found.played[name].mean_stock.mean()
        assert held == pytest.approx(3 * period / 2 + 1.645 * np.sqrt(3 * (2 + period)), rel=0.35), name
        assert found.played[name].fill_rate > 0.96
        assert found.played[name].n_orders.max() <= n_reviews
    for factor, played in found.matched.values():
        assert factor > 0
        assert played.sold + played.lost == pytest.approx(_past(1).demand.sum(axis=1))


def test_a_lead_time_of_each_product_reads_its_own_weeks_of_last_year() -> None:
    year = np.array([[30.0, 50.0] + [10.0] * 50] * 2)
    level, _ = last_year_level(year, np.array([0.5, 0.5]), horizon_days=np.array([7, 14]))
    assert level.tolist() == [30, 80]


def test_the_difference_in_lost_units_is_drawn_over_products() -> None:
    plan, other = (Played(np.array(lost), *[np.zeros(3)] * 2, np.zeros(3, int)) for lost in ([1.0, 0, 5], [4.0, 0, 4]))
    draws = np.array([[1, 1, 1], [3, 0, 0], [0, 0, 3]])
    assert lost_units_draws(plan, other, draws).tolist() == [-2, -9, 3]


def test_the_stocks_terms_are_the_greatest_of_a_products_places_and_what_is_not_believed_is_not_given() -> None:
    unknown = np.full(4, np.nan)
    stock = Stock(
        np.array(["jam", "tea", "tea", "vase"], object), np.array(["a", "a", "b", "a"], object), np.ones(4), np.ones(4),
        np.zeros(4), lead_time_days=np.array([3.0, 5.0, 9.0, 9999.0]), pack_size=np.array([6.0, np.nan, 4.0, -1.0]),
        min_order=np.array([0.0, 12.0, np.nan, np.nan]), unit_cost=unknown,
        unit_margin=np.array([1.0, np.nan, 1.0, 1.0]), holding_cost=np.array([365 / 7, np.nan, np.nan, np.nan]),
    )  # fmt: skip
    found = product_terms(stock, np.array(["jam", "tea", "vase", "wax"], object), Rules())
    np.testing.assert_array_equal(found.lead_time_days, [3, 9, np.nan, np.nan])
    np.testing.assert_array_equal(found.pack, [6, 4, np.nan, np.nan])
    np.testing.assert_array_equal(found.min_order, [np.nan, 12, np.nan, np.nan])
    np.testing.assert_allclose(found.critical_ratio, [0.5, np.nan, np.nan, np.nan])
    assert found.is_given.tolist() == [True, True, False, False]
