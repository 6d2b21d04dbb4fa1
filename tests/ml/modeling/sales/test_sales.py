"""Forecasts of sales in money: what the calendar says, which method wins, and that everything adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from nightmarket.errors import ModelCorrupted
from nightmarket.modeling.calendar_effects import Holiday
from nightmarket.modeling.sales import (
    SalesForecast,
    SalesHistory,
    SalesModel,
    evaluate_sales,
    forecast_sales,
    train_sales,
)
from nightmarket.modeling.sales.calendar import find_closed_days, find_days_that_never_sell, week_profile
from nightmarket.modeling.sales.levels import METHODS, forecast_level
from nightmarket.modeling.sales.recipe import group_by_size

ORIGIN = date(2024, 6, 3)
WEEK = np.asarray([10.0, 10, 10, 10, 20, 40, 0])
"""A shop that is closed on Sundays; the origin is a Monday."""


def _history(amounts: np.ndarray, origin: date = ORIGIN) -> SalesHistory:
    names = np.asarray([f"k{i}" for i in range(len(amounts))], object)
    return SalesHistory(origin, names, np.asarray(amounts, np.float64))


def _steady(n_weeks: int, sizes: tuple[float, ...] = (3.0, 1.0)) -> SalesHistory:
    return _history(np.outer(sizes, np.tile(WEEK, n_weeks)))


def _at(history: SalesHistory) -> Callable[[date], SalesHistory]:
    def at(origin: date) -> SalesHistory:
        days = (origin - history.as_of_date).days + history.amounts.shape[1]
        return SalesHistory(origin, history.category_ids, history.amounts[:, :days])

    return at


def _noisy(n_weeks: int, seed: int = 0) -> SalesHistory:
    noise = np.random.default_rng(seed).normal(1, 0.1, (4, 7 * n_weeks)).clip(0.5)
    return _history(np.outer((8.0, 4.0, 2.0, 1.0), np.tile(WEEK, n_weeks)) * noise)


def test_a_weekday_that_never_sells_is_no_closed_day_and_a_day_that_mostly_sells_is() -> None:
    history = _steady(12)
    history.amounts[:, 10] = 0
    assert np.flatnonzero(find_closed_days(history)).tolist() == [10]


def test_the_profile_of_the_week_leaves_closed_days_out() -> None:
    history = _steady(12)
    history.amounts[:, 82] = 0  # the last Saturday
    profile = week_profile(history, find_closed_days(history))
    assert profile.sum(axis=1) == pytest.approx([1, 1])
    assert profile[0] == pytest.approx(WEEK / 100)


def test_a_category_seldom_sold_takes_the_shops_week() -> None:
    amounts = np.vstack([np.tile(WEEK, 4), np.zeros(28)])
    history = _history(amounts)
    assert week_profile(history, find_closed_days(history))[1] == pytest.approx(WEEK / 100)


def test_a_day_on_which_the_shop_was_closed_every_year_is_forecast_as_nothing() -> None:
    history = _steady(104)
    for year in (2022, 2023):
        history.amounts[:, (date(year, 7, 4) - history.day(0)).days] = 0
    closed = [history.as_of_date + timedelta(days=int(i)) for i in np.flatnonzero(find_days_that_never_sell(history))]
    assert closed == [date(2024, 7, 4)]
    history.amounts[:, (date(2023, 7, 4) - history.day(0)).days] = 50
    assert not find_days_that_never_sell(history).any()


def test_a_closed_day_takes_its_share_from_the_week_and_says_so() -> None:
    history = _steady(60)
    history.amounts[:, (date(2023, 7, 4) - history.day(0)).days] = 0
    forecast = forecast_sales(SalesModel(), history)
    total = {
        start: amount
        for grain, level, start, amount in zip(
            forecast.grain, forecast.level, forecast.period_start_date, forecast.sales_amount, strict=True
        )
        if grain == "week" and level == "total"
    }
    assert total[date(2024, 6, 24)] == pytest.approx(400)
    assert total[date(2024, 7, 1)] == pytest.approx(400 * 0.9)
    assert forecast.reasons[2][-1] == "nothing on 2024-07-04: the shop never sells then"


def test_a_steady_shop_is_forecast_as_it_is_and_everything_adds_up() -> None:
    history = _steady(30)
    forecast = forecast_sales(train_sales(_at(history), ORIGIN), history)
    assert len(forecast) == 3 * (56 + 8)
    week = forecast.grain == "week"
    assert forecast.sales_amount[week & (forecast.level == "total")] == pytest.approx([400.0] * 8)
    by_level = [forecast.sales_amount[week & (forecast.level == level)].sum() for level in ("category", "total")]
    assert by_level[0] == pytest.approx(by_level[1])
    assert forecast.sales_amount[~week].sum() == pytest.approx(forecast.sales_amount[week].sum())
    sundays = [day.weekday() == 6 for day in np.asarray(forecast.period_start_date)[~week]]
    assert forecast.sales_amount[~week][sundays].max() == 0


def test_quantiles_rise_and_are_never_below_nothing() -> None:
    history = _noisy(40)
    forecast = forecast_sales(train_sales(_at(history), ORIGIN), history)
    assert (np.diff(forecast.quantiles, axis=1) >= 0).all()
    assert forecast.quantiles.min() >= 0


def test_bands_hold_about_as_many_outcomes_as_they_say() -> None:
    history = _noisy(60)
    found = evaluate_sales(_at(history), [ORIGIN - timedelta(days=28 * i) for i in (1, 2, 3)], closed_until=ORIGIN)
    figures = found["figures"]["day/category"]
    assert 0.35 < figures["coverage_50"] < 0.65
    assert 0.8 < figures["coverage_90"] <= 1
    assert found["figures"]["week/total"]["wape"] < 0.05


def test_what_a_feast_taught_is_expected_of_the_next_and_the_rest_stays_as_it_was() -> None:
    feasts = (date(2024, 2, 18), date(2024, 6, 16))
    history = _noisy(40)
    first = (feasts[0] - history.day(0)).days
    history.amounts[0, first - 6 : first + 1] *= 2
    knowing = replace(history, holidays=tuple(Holiday(day, "feast") for day in feasts))
    plain, told = (_weeks_of(forecast_sales(SalesModel(), one), "k0") for one in (history, knowing))
    # The week from 10 June ends with the feast.
    assert told[1] / plain[1] > 1.3
    assert told[[0, 2, 3]] / plain[[0, 2, 3]] == pytest.approx([1, 1, 1], abs=0.1)


def _weeks_of(forecast: SalesForecast, item: str) -> np.ndarray:
    return forecast.sales_amount[(forecast.grain == "week") & (forecast.item_id == item)]


def test_the_few_weeks_of_the_total_make_a_band_around_the_forecast() -> None:
    history = _noisy(60)
    forecast = forecast_sales(train_sales(_at(history), ORIGIN), history)
    weeks = (forecast.grain == "week") & (forecast.level == "total")
    quantiles, amount = forecast.quantiles[weeks], forecast.sales_amount[weeks]
    assert quantiles[:, 2] == pytest.approx(amount)
    assert (quantiles[:, 1] < amount).all()
    assert (quantiles[:, 3] > amount).all()


def test_a_shop_with_less_than_twelve_weeks_gets_the_mean_of_four() -> None:
    history = _noisy(11)
    model = train_sales(_at(history), ORIGIN)
    assert set(model.methods.values()) == {"mean of 4 weeks"}
    method = set(forecast_sales(model, history).method)
    assert all("mean of 4 weeks" in name or name == "sum of categories" for name in method)


@pytest.mark.parametrize("n_weeks", [1, 2, 3])
def test_a_shop_of_some_weeks_is_forecast_with_wide_bands(n_weeks: int) -> None:
    history = _steady(n_weeks)
    forecast = forecast_sales(train_sales(_at(history), ORIGIN), history)
    assert forecast.sales_amount[-1] == pytest.approx(400)
    assert (forecast.quantiles[-1, 4] >= forecast.sales_amount[-1]).all()


def test_a_season_that_comes_back_is_found_once_there_are_two_years() -> None:
    season = np.repeat(1 + 0.5 * np.sin(np.arange(150) * 2 * np.pi / 52), 7)
    history = _history(np.outer((8.0, 4.0, 2.0), np.tile(WEEK, 150) * season))
    model = train_sales(_at(history), ORIGIN)
    assert model.method("total") == "last year and growth"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes_on_with_a_steady_series(method: str) -> None:
    assert forecast_level(method, np.full((2, 70), 5.0)) == pytest.approx(np.full((2, 8), 5.0), rel=1e-6)


def test_sizes_make_groups_by_their_share_of_sales() -> None:
    weekly = np.outer([1.0, 50, 30, 15, 4], np.ones(4))
    assert group_by_size(weekly).tolist() == ["D", "A", "B", "C", "D"]


def test_a_model_is_read_back_as_it_was_and_another_version_is_refused(tmp_path: Path) -> None:
    history = _noisy(20)
    model = train_sales(_at(history), ORIGIN)
    model.save(tmp_path)
    assert SalesModel.load(tmp_path) == model
    path = tmp_path / "sales.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 0'))
    with pytest.raises(ModelCorrupted, match="Got a sales model of format 0"):
        SalesModel.load(tmp_path)


def test_returns_that_outweigh_sales_make_no_negative_forecast() -> None:
    history = _steady(20)
    history.amounts[1, -28:] = -5
    forecast = forecast_sales(train_sales(_at(history), ORIGIN), history)
    assert forecast.sales_amount.min() >= 0
