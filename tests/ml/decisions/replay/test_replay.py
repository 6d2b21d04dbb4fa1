"""The simulated shop keeps its books, and the plan is held against policies at equal stock."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.decisions.replay.baselines import last_year_level, moving_average_level
from nightmarket.decisions.replay.match import match_stock, scaled_risk
from nightmarket.decisions.replay.simulate import Played, simulate


def test_an_order_is_on_the_shelf_after_its_lead_time_and_what_is_missing_is_lost() -> None:
    demand = np.array([[2.0] * 14])
    played = simulate(demand, np.array([[10.0, 10.0]]), lead_time_days=3)
    # Days 0 to 4 sell the 10, days 5 and 6 lose 4; the order of day 7 comes on day 10: days 7 to 9 lose 6.
    assert played.lost[0] == 10
    assert played.sold[0] == 18
    assert played.n_orders[0] == 1
    assert played.fill_rate == pytest.approx(18 / 28)


def test_enough_stock_loses_nothing_and_is_counted_at_the_close() -> None:
    played = simulate(np.array([[1.0] * 7]), np.array([[7.0]]), lead_time_days=7)
    assert played.lost[0] == 0
    assert played.mean_stock[0] == pytest.approx(3)


def test_units_are_neither_made_nor_lost() -> None:
    rng = np.random.default_rng(3)
    demand = rng.poisson(3, (20, 70)).astype(float)
    played = simulate(demand, rng.integers(10, 60, (20, 10)).astype(float), lead_time_days=5)
    assert played.sold + played.lost == pytest.approx(demand.sum(axis=1))


def test_a_moving_average_holds_the_mean_and_some_spread() -> None:
    units = np.array([[10.0] * 13])
    assert moving_average_level(units, np.array([0.95]), horizon_days=14)[0] == 20


def test_last_year_reads_the_same_weeks_and_says_where_there_were_none() -> None:
    year = np.array([[30.0, 50.0] + [10.0] * 50])
    level, has_year = last_year_level(year, np.array([0.5]), horizon_days=14)
    assert (level[0], has_year) == (80, True)
    level, has_year = last_year_level(year[:, -20:], np.array([0.5]), horizon_days=14)
    assert (level[0], has_year) == (20, False)


def test_the_plan_is_matched_to_no_more_than_the_others_stock() -> None:
    def play_at(factor: float) -> Played:
        return Played(np.array([factor]), np.array([1.0]), np.array([10 / factor]), np.array([1]))

    factor, played = match_stock(play_at, 5.0)
    assert factor == pytest.approx(2, rel=0.02)
    assert played.mean_stock.sum() <= 5


def test_more_risk_is_a_lower_level() -> None:
    assert scaled_risk(np.array([0.98, 0.9]), 2.0) == pytest.approx([0.96, 0.8])
