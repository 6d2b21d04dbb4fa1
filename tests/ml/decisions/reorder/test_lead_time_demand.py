"""Demand over a lead time has the distribution that its weeks add up to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma, norm, poisson

from nightmarket.decisions.reorder.lead_time_demand import LEVELS, WeeklyDemand, demand_over
from nightmarket.errors import ForecastUnusable


def normal_weeks(mean: float, spread: float, n_weeks: int = 8) -> WeeklyDemand:
    quantiles = norm.ppf(LEVELS, mean, spread)
    return WeeklyDemand(np.full((1, n_weeks), mean), np.tile(quantiles, (1, n_weeks, 1)))


def test_one_week_keeps_its_own_quantiles() -> None:
    weekly = WeeklyDemand(np.array([[5.0]]), np.array([[[1.0, 3.0, 4.0, 7.0, 12.0]]]))
    found = demand_over(weekly, np.array([7]))
    assert found.quantiles[0] == pytest.approx([1, 3, 4, 7, 12], abs=0.02)
    assert found.expected[0] == 5


@pytest.mark.parametrize(("correlation", "factor"), [(0.0, 2**0.5), (0.3, (2 + 2 * 0.3) ** 0.5), (1.0, 2.0)])
def test_two_weeks_spread_as_their_correlation_says(correlation: float, factor: float) -> None:
    found = demand_over(normal_weeks(100, 10), np.array([14]), correlation=correlation)
    spread = (found.quantiles[0, 4] - found.quantiles[0, 0]) / (2 * norm.ppf(0.95))
    assert spread == pytest.approx(10 * factor, rel=0.06)
    assert found.quantiles[0, 2] == pytest.approx(200, abs=1)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.98])
def test_the_level_covers_correlated_weeks_as_often_as_it_says(level: float) -> None:
    """Weeks drawn from gammas tied by .3, as the forecast says they are: 20,000 of them, seeded."""
    rng = np.random.default_rng(7)
    normal = 0.3**0.5 * rng.standard_normal((20_000, 1)) + 0.7**0.5 * rng.standard_normal((20_000, 2))
    weeks = gamma.ppf(norm.cdf(normal), a=2, scale=4).sum(axis=1)
    quantiles = gamma.ppf(LEVELS, a=2, scale=4)
    weekly = WeeklyDemand(np.full((1, 8), 8.0), np.tile(quantiles, (1, 8, 1)))
    found = demand_over(weekly, np.array([14]), level=np.array([level]))
    assert (weeks <= found.at_level[0]).mean() == pytest.approx(level, abs=0.025 if level < 0.9 else 0.015)


def test_a_part_of_a_week_spreads_like_units_that_fall_on_any_day() -> None:
    quantiles = poisson.ppf(LEVELS, 70)
    weekly = WeeklyDemand(np.full((1, 8), 70.0), np.tile(quantiles, (1, 8, 1)))
    found = demand_over(weekly, np.array([3]))
    assert found.expected[0] == pytest.approx(30)
    assert found.quantiles[0, 4] == pytest.approx(poisson.ppf(0.95, 30), abs=1.5)


def test_a_place_has_its_share_and_its_own_scatter() -> None:
    quantiles = poisson.ppf(LEVELS, 80)
    weekly = WeeklyDemand(np.full((1, 8), 80.0), np.tile(quantiles, (1, 8, 1)))
    found = demand_over(weekly, np.array([7]), share=np.array([0.25]))
    assert found.expected[0] == pytest.approx(20)
    assert found.quantiles[0, 4] == pytest.approx(poisson.ppf(0.95, 20), abs=1)


def test_beyond_the_forecast_its_last_week_is_repeated() -> None:
    assert demand_over(normal_weeks(10, 1), np.array([70])).expected[0] == pytest.approx(100)


def test_the_probability_of_more_is_the_other_side_of_the_quantile() -> None:
    weekly = normal_weeks(100, 10)
    level = demand_over(weekly, np.array([14]), level=np.array([0.9])).at_level
    assert demand_over(weekly, np.array([14]), above=level).exceedance[0] == pytest.approx(0.1, abs=0.002)
    assert np.isnan(demand_over(weekly, np.array([14])).exceedance[0])


def test_no_demand_is_never_exceeded() -> None:
    nothing = WeeklyDemand(np.zeros((1, 8)), np.zeros((1, 8, 5)))
    found = demand_over(nothing, np.array([17]), share=np.array([0.5]), level=np.array([0.99]), above=np.zeros(1))
    assert found.at_level[0] == 0
    assert found.exceedance[0] == 0


def test_rows_do_not_move_each_other() -> None:
    alone = demand_over(normal_weeks(100, 10), np.array([10]))
    two = WeeklyDemand(np.full((2, 8), 100.0), np.tile(norm.ppf(LEVELS, 100, 10), (2, 8, 1)))
    together = demand_over(two, np.array([10, 24]))
    assert together.quantiles[0].tolist() == alone.quantiles[0].tolist()


def test_quantiles_that_cross_are_refused() -> None:
    with pytest.raises(ForecastUnusable, match="Got quantiles below 0 or crossing but expected rising ones"):
        WeeklyDemand(np.ones((1, 1)), np.array([[[1.0, 2.0, 1.5, 3.0, 4.0]]]))
