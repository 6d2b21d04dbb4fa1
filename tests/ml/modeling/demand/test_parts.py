"""The parts of a forecast: classes, baselines, features, neighbours, bands and reconciliation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from nightmarket.modeling.demand.bands import QUANTILES, Bands, Residuals, fit_bands
from nightmarket.modeling.demand.baselines import forecast_baseline
from nightmarket.modeling.demand.classes import rhythm_of
from nightmarket.modeling.demand.features import build_features
from nightmarket.modeling.demand.histories import Histories, histories_of
from nightmarket.modeling.demand.measure import coverage, errors_of
from nightmarket.modeling.demand.neighbours import neighbour_level
from nightmarket.modeling.demand.outcomes import known_at, outcomes_of
from nightmarket.modeling.demand.reconcile import Trust, reconcile
from nightmarket.modeling.demand.spread import spread_of

from .shops import LAST, busy_units, shop


def series(*units: list[float], level: Any = "product") -> Histories:
    values = np.asarray(units, np.float64)
    m, weeks = values.shape
    sold = values > 0
    age = np.where(sold.any(axis=1), weeks - sold.argmax(axis=1), 0).astype(np.int32)
    names = np.asarray([f"p{i}" for i in range(m)], object)
    return Histories(level, names, np.arange(m), np.zeros(m, np.int32), values, values, age)


def test_the_cut_offs_of_syntetos_and_boylan_name_the_classes() -> None:
    found = rhythm_of(
        series(
            [4, 5] * 10,
            [1, 9] * 10,
            [3, 0] * 10,
            [1, 0, 9, 0] * 5,
            [0.0] * 17 + [1, 1, 1],
        )
    )
    assert found.demand_class.tolist() == ["smooth", "erratic", "intermittent", "lumpy", "new"]
    assert found.since_sale.tolist() == [0, 0, 1, 1, 0]
    np.testing.assert_allclose(found.adi[:3], [1, 1, 2])


@pytest.mark.parametrize(
    ("name", "model"),
    [("naive", "Naive()"), ("mean of 4 weeks", "WindowAverage(4)"), ("seasonal naive", "SeasonalNaive(52)")],
)
def test_baselines_that_are_sums_of_columns_are_those_of_statsforecast(name: str, model: str) -> None:
    from statsforecast import models

    units = np.random.default_rng(0).poisson(3, (1, 60)).astype(float)
    cls, argument = model.rstrip(")").split("(")
    theirs = getattr(models, cls)(*([int(argument)] if argument else [])).forecast(y=units[0], h=8)["mean"]
    np.testing.assert_allclose(forecast_baseline(name, series(units[0].tolist()))[0], theirs)


@pytest.mark.parametrize(
    ("name", "model"), [("croston", "CrostonClassic()"), ("sba", "CrostonSBA()"), ("tsb", "TSB(0.2, 0.2)")]
)
def test_methods_for_rare_sales_are_those_of_statsforecast(name: str, model: str) -> None:
    from statsforecast import models

    units = np.random.default_rng(0).poisson(0.4, (40, 60)).astype(float) * np.arange(1, 41)[:, None]
    units[0] = 0
    units[1, :50] = 0
    histories = series(*units.tolist())
    cls, arguments = model.rstrip(")").split("(")
    ours = forecast_baseline(name, histories)
    for row, age in enumerate(histories.age):
        theirs = getattr(models, cls)(*map(float, filter(None, arguments.split(","))))
        expected = theirs.forecast(y=units[row, 60 - age :], h=8)["mean"] if age else np.zeros(8)
        np.testing.assert_allclose(ours[row], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "name", ["exponential smoothing", "croston", "sba", "tsb", "seasonal naive", "mean of 13 weeks"]
)
def test_a_series_too_short_for_a_method_gets_the_mean_of_what_it_has(name: str) -> None:
    np.testing.assert_allclose(forecast_baseline(name, series([0, 2, 4]))[:, 0], [3])


def test_features_do_not_change_when_the_future_does() -> None:
    units = busy_units(30, 40)
    changed = units.copy()
    changed[:, -4:] = 99
    origin = LAST - timedelta(days=28)
    found = []
    for one in (units, changed):
        panel = shop(one)(origin)
        levels = histories_of(panel)
        found.append(build_features(panel, levels["product"], levels["category"]))
    np.testing.assert_array_equal(found[0].static, found[1].static)


def test_lags_are_the_newest_weeks_over_the_level() -> None:
    panel = shop([[1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]])(LAST)
    levels = histories_of(panel)
    features = build_features(panel, levels["product"], levels["category"])
    found = dict(zip(features.names, features.static[0], strict=False))
    np.testing.assert_allclose(
        [found["lag1"] * features.level[0], found["lag4"] * features.level[0]], [10, 7], rtol=1e-6
    )


def test_a_young_product_has_the_level_of_the_older_ones_of_like_text() -> None:
    age = np.asarray([40, 40, 2], np.int32)
    text = np.asarray([[1, 0]] * 30 + [[0, 1]] * 30 + [[1, 0]], np.float32)
    level = np.asarray([5.0] * 30 + [1.0] * 30 + [0.1])
    group = np.zeros(61, np.int32)
    ages = np.concatenate([np.repeat(age[:2], 30), age[2:]])
    assert neighbour_level(level, ages, text, group)[-1] == 5
    assert neighbour_level(level, ages, None, group)[-1] == 3
    assert np.isnan(neighbour_level(level, ages, text, group)[:-1]).all()


def test_groups_and_parts_meet_where_trust_says() -> None:
    products = series([1.0] * 9, [3.0] * 9)
    levels: Any = {
        "product": products,
        "category": series([4.0] * 9, level="category"),
        "total": series([4.0] * 9, level="total"),
    }
    base: Any = {
        "product": np.repeat([[1.0], [3.0]], 8, axis=1),
        "category": np.full((1, 8), 6.0),
        "total": np.full((1, 8), 9.0),
    }
    both = np.asarray([True, True])
    half = reconcile(base, levels, Trust(category=0.5, total=0.0), is_regular=both)
    assert half["category"][0, 0] == 5
    np.testing.assert_allclose(half["product"][:, 0], [1.25, 3.75])
    whole = reconcile(base, levels, Trust(category=0.5, total=1.0), is_regular=both)
    assert whole["total"][0, 0] == whole["category"][0, 0] == 9
    uneven = reconcile(base, levels, Trust(1.0, 0.0, regular=0.1), is_regular=np.asarray([False, True]))
    assert uneven["product"][:, 0].sum() == pytest.approx(6)
    assert uneven["product"][0, 0] > 2


def test_bands_hold_as_many_outcomes_as_they_say() -> None:
    rng = np.random.default_rng(0)
    units = np.exp(rng.normal(2, 1, (2_000, 8)))
    outcome = units * np.exp(rng.normal(0, 0.4, units.shape))
    classes = np.full(2_000, "smooth")
    spread = np.ones_like(units)
    bands = fit_bands({"product": [Residuals(classes[:1_000], units[:1_000], spread[:1_000], outcome[:1_000])]})
    quantiles = bands.around("product", classes[1_000:], units[1_000:], spread[1_000:])
    assert (np.diff(quantiles, axis=2) >= 0).all()
    for share in (0.8, 0.95):
        inside, known = coverage(quantiles, outcome[1_000:], share)
        assert inside / known == pytest.approx(share, abs=0.02)


def test_steady_series_get_narrow_bands_and_restless_ones_wide_bands_that_hold_alike() -> None:
    rng = np.random.default_rng(0)
    noise = np.repeat([0.1, 0.8], 500)
    weeks = 100 * np.exp(rng.normal(0, noise[:, None], (1_000, 42)))
    past, outcome = series(*weeks[:, :34].tolist()), weeks[:, 34:]
    classes, units = np.full(1_000, "smooth"), np.full((1_000, 8), 100.0)
    spread = spread_of(past, classes, units)
    bands = fit_bands({"product": [Residuals(classes, units, spread, outcome)]})
    quantiles = bands.around("product", classes, units, spread)
    width = quantiles[..., QUANTILES.index(0.95)] - quantiles[..., QUANTILES.index(0.05)]
    assert width[noise == 0.1].mean() < 0.5 * width[noise == 0.8].mean()
    assert Bands.from_json(json.loads(json.dumps(bands.to_json()))) == bands


def test_a_spread_follows_the_peaks_of_a_series_and_is_that_of_the_class_where_it_has_no_past() -> None:
    steady, peaked = [50.0] * 34, ([50.0] * 7 + [90.0]) * 4 + [50.0] * 2
    none = [0.0] * 33 + [50.0]
    past = series(steady, peaked, none)
    past = replace(past, demand=np.where(past.age[:, None] >= np.arange(34, 0, -1), past.demand, np.nan))
    spread = spread_of(past, np.full(3, "smooth"), np.full((3, 8), 50.0))[:, 0]
    assert 0 < spread[0] < spread[2] < spread[1]
    # The peaks' own standard deviation is 13 units; the class pulls it down a little.
    assert 10 < spread[1] < 15


def test_a_spread_grows_with_the_root_of_the_forecast() -> None:
    past = series(*np.random.default_rng(0).poisson(50, (3, 34)).astype(float).tolist())
    spread = spread_of(past, np.full(3, "smooth"), np.asarray([[50.0] * 8, [200.0] * 8, [0.0] * 8]))[:, 0]
    assert spread[1] / spread[0] == pytest.approx(2, rel=0.3)
    assert spread[2] > 0


def test_without_residuals_a_band_is_assumed_and_reaches_zero_for_slow_products() -> None:
    quantiles = fit_bands({}).around("product", np.asarray(["new"]), np.full((1, 8), 0.2), np.ones((1, 8)))
    assert quantiles[..., QUANTILES.index(0.05)].max() == 0
    assert quantiles[..., QUANTILES.index(0.95)].min() >= 1


def test_outcomes_are_matched_by_product_and_missing_where_a_week_is_not_over() -> None:
    panel_at = shop([[1.0, 2, 3, 4, 5, 6], [6.0, 5, 4, 3, 2, 1]])
    origin = LAST - timedelta(days=14)
    found = outcomes_of(origin, histories_of(panel_at(origin)), known_at(panel_at(LAST)))
    np.testing.assert_array_equal(found["product"][:, :3], [[5, 6, np.nan], [2, 1, np.nan]])
    np.testing.assert_array_equal(found["total"][0, :3], [7, 7, np.nan])


def test_errors_are_weighted_by_volume_and_bias_has_a_sign() -> None:
    errors = errors_of(np.asarray([[2.0, 2.0]]), np.asarray([[1.0, 7.0]]))
    assert errors.wape == pytest.approx(6 / 8)
    assert errors.bias == pytest.approx(-4 / 8)
