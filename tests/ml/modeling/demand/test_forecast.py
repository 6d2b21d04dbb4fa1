"""A forecast adds up, its quantiles never cross, and every shop gets one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nightmarket.errors import ModelCorrupted
from nightmarket.modeling.demand import (
    HORIZON,
    DemandForecast,
    DemandModel,
    evaluate_demand,
    forecast_demand,
    train_demand,
)

from .shops import LAST, busy_units, shop

CATEGORY = [i % 4 - 1 for i in range(120)]
"""A quarter of the products has no category."""


@pytest.fixture(scope="module")
def trained() -> tuple[DemandModel, DemandForecast]:
    panel_at = shop(busy_units(), category=CATEGORY)
    model = train_demand(panel_at, LAST, seed=0, threads=1)
    return model, forecast_demand(model, panel_at(LAST))


def units_of(forecast: DemandForecast, level: str) -> Any:
    return forecast.units[forecast.level == level].reshape(-1, HORIZON)


def check(forecast: DemandForecast) -> None:
    assert np.isfinite(forecast.units).all()
    assert (forecast.units >= 0).all()
    assert (forecast.quantiles >= 0).all()
    assert (np.diff(forecast.quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(units_of(forecast, "product").sum(axis=0), units_of(forecast, "total")[0])
    assert all(len(reasons) == len(forecast) for reasons in forecast.reasons)


def test_products_add_up_to_their_category_and_all_to_the_total(trained: tuple[DemandModel, DemandForecast]) -> None:
    forecast = trained[1]
    check(forecast)
    names = forecast.item_id[forecast.level == "category"][::HORIZON]
    categories = dict(zip(names, units_of(forecast, "category"), strict=True))
    product_category = forecast.category_id[forecast.level == "product"][::HORIZON]
    for name, units in categories.items():
        np.testing.assert_allclose(units_of(forecast, "product")[product_category == name].sum(axis=0), units)
    assert None in product_category


def test_a_forecast_is_near_what_a_steady_shop_sells(trained: tuple[DemandModel, DemandForecast]) -> None:
    steady = busy_units().mean(axis=1).sum()
    np.testing.assert_allclose(units_of(trained[1], "total")[0], steady, rtol=0.08)


def test_a_loaded_model_forecasts_the_same_and_is_saved_as_the_same_bytes(
    trained: tuple[DemandModel, DemandForecast], tmp_path: Path
) -> None:
    model, forecast = trained
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    names = model.save(tmp_path / "a")
    loaded = DemandModel.load(tmp_path / "a", threads=1)
    again = forecast_demand(loaded, shop(busy_units(), category=CATEGORY)(LAST))
    np.testing.assert_array_equal(again.all_quantiles, forecast.all_quantiles)
    assert loaded.save(tmp_path / "b") == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    assert {Path(name).name for name in names} <= {"demand.json", "model.txt"}


def test_training_twice_gives_the_same_model(trained: tuple[DemandModel, DemandForecast], tmp_path: Path) -> None:
    again = train_demand(shop(busy_units(), category=CATEGORY), LAST, seed=0, threads=2)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    names = trained[0].save(tmp_path / "a")
    again.save(tmp_path / "b")
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_a_model_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demand.json").write_text(json.dumps({"format": 0}))
    with pytest.raises(ModelCorrupted, match="Got a demand model of format 0"):
        DemandModel.load(tmp_path)


@pytest.mark.parametrize("weeks", [1, 5, 12, 20])
def test_a_shop_with_ten_products_and_few_weeks_is_forecast(weeks: int) -> None:
    panel_at = shop(busy_units(10, weeks))
    forecast = forecast_demand(train_demand(panel_at, LAST, seed=0, threads=1), panel_at(LAST))
    check(forecast)
    if weeks < 12:
        assert set(forecast.method) == {"mean of 8 weeks (no history to compare methods on)"}


def test_a_shop_without_categories_is_forecast_by_product_and_in_total() -> None:
    panel_at = shop(busy_units(10, 30), category=[-1] * 10)
    forecast = forecast_demand(train_demand(panel_at, LAST, seed=0, threads=1), panel_at(LAST))
    check(forecast)
    assert set(forecast.level) == {"product", "total"}


def test_a_shop_that_sells_nothing_any_more_is_forecast_as_nothing() -> None:
    units = np.zeros((5, 40))
    units[:, 0] = 3
    panel_at = shop(units)
    forecast = forecast_demand(train_demand(panel_at, LAST, seed=0, threads=1), panel_at(LAST))
    check(forecast)
    assert (forecast.level != "product").all()
    assert forecast.units.max() == 0


def test_a_missing_price_changes_nothing_but_the_features() -> None:
    panel_at = shop(busy_units(), price=float("nan"))
    check(forecast_demand(train_demand(panel_at, LAST, seed=0, threads=1), panel_at(LAST)))


def test_the_evaluation_is_plain_numbers_with_every_arm() -> None:
    text = np.random.default_rng(0).normal(size=(120, 4))
    text = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
    panel_at = shop(busy_units(), category=CATEGORY, text=text, intents=np.ones((3, 40), np.float32))
    found = evaluate_demand(panel_at, [LAST - timedelta(days=28)], seeds=[0], threads=1)
    json.dumps(found)
    assert all(found["arms"].values())
    category = found["levels"]["category"]
    assert category["wape"] > 0
    assert 0 <= category["coverage_80"] <= category["coverage_95"] <= 1
    assert category["gain_low"] <= category["gain_high"]
    assert {"naive", "croston", "sba", "tsb", "exponential smoothing"} <= set(category["baselines"])
    median = category["median"]
    assert median["best_baseline"] in {f"median of {n} weeks" for n in (4, 8, 13, 26)}
    assert median["gain_low"] <= median["baseline_wape"] - median["wape"] <= median["gain_high"]


def test_the_median_is_nearer_to_single_weeks_and_too_low_to_be_added_up() -> None:
    # A promotion every fifth week or so brings ten times as much, and nobody knows when.
    rng = np.random.default_rng(0)
    peaks = np.where(rng.random((120, 40)) < 0.2, 10, 1)
    panel_at = shop(rng.poisson(8 * peaks).astype(float), category=[i % 4 for i in range(120)])
    found = evaluate_demand(panel_at, [LAST - timedelta(days=28)], threads=1, arms=False)["levels"]["product"]
    assert found["median"]["wape"] < found["wape"] - 0.05
    assert found["median"]["bias"] < -0.3
    assert abs(found["bias"]) < 0.2
