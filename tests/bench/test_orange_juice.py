"""The orange juice benchmark measures what the published board measures, and no round knows its future."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench.orange_juice.model import forecast_trees
from bench.orange_juice.protocol import (
    BOARD,
    FILES,
    HORIZONS,
    SERIES,
    TEST_ROUNDS,
    VALIDATION_ROUNDS,
    Round,
    Shop,
    forecast_seasonal_naive,
    mape,
    read_shop,
)
from bench.orange_juice.run import DATA, measure
from bench.outside_data import say_absent

BENCH = Path(__file__).resolve().parents[2] / "bench/orange_juice/run.py"
TRUE_ROUND = Round(106)


def _invent_shop(last_week: int = 110) -> Shop:
    """Two stores and eleven brands that sell 100 units a week, and three times that when featured."""
    rng = np.random.default_rng(5)
    rows = [
        {
            "store": store,
            "brand": brand,
            "week": week,
            "logmove": np.log(100 * store * (3 if (week + brand) % 4 == 0 else 1)),
            **{f"price{other}": 0.03 if (week + other) % 4 == 0 else 0.04 for other in range(1, 12)},
            "deal": 0.0,
            "feat": float((week + brand) % 4 == 0),
            "profit": rng.uniform(20, 40),
        }
        for store in (1, 2)
        for brand in range(1, 12)
        for week in range(40, last_week + 1)
        if (store, brand, week) != (2, 3, 70)
    ]
    stores = pd.DataFrame({"store": [1, 2], "income": [10.0, 11.0]}).set_index("store")
    return Shop(pd.DataFrame(rows), stores)


def _forecast(shop: Shop) -> pd.DataFrame:
    return forecast_trees(shop, TRUE_ROUND, seeds=[0], n_members=1, shift=0.0)


def test_the_rounds_are_the_published_ones() -> None:
    assert [(one.last_known_week, *one.forecast_weeks) for one in (TEST_ROUNDS[0], TEST_ROUNDS[11])] == [
        (135, 137, 138),
        (157, 159, 160),
    ]
    assert len(TEST_ROUNDS) == 12


def test_nothing_is_chosen_on_a_week_that_is_tested() -> None:
    tested = {week for one in TEST_ROUNDS for week in one.forecast_weeks}
    chosen_on = {week for one in VALIDATION_ROUNDS for week in one.forecast_weeks}
    assert max(chosen_on) < min(tested)


def test_the_measure_is_the_mean_error_as_a_share_of_what_was_sold() -> None:
    assert mape(np.array([100.0, 10.0]), np.array([150.0, 10.0])) == pytest.approx(25.0)


def test_the_seasonal_naive_forecast_is_last_year_and_fills_a_week_without_sales_with_the_one_before() -> None:
    sales = pd.DataFrame({"store": 1, "brand": 1, "week": [40, 41, 43, 92], "logmove": np.log([5.0, 7.0, 9.0, 1.0])})
    shop = Shop(sales.assign(profit=0.0), pd.DataFrame())
    round_ = Round(92)
    found = forecast_seasonal_naive(round_.known(shop), round_)
    assert found["week"].tolist() == [94, 95]
    assert found["forecast"].tolist() == [7.0, 9.0]


def test_a_round_knows_prices_to_its_last_forecast_week_and_sales_to_its_last_known_one() -> None:
    known = TRUE_ROUND.known(_invent_shop())
    assert known.sales["week"].max() == 106
    assert known.plans["week"].max() == 109
    assert not {"logmove", "profit"} & set(known.plans)


def test_sales_after_the_last_known_week_change_no_forecast() -> None:
    shop = _invent_shop()
    later = shop.sales["week"] > TRUE_ROUND.last_known_week
    changed = shop.sales.assign(logmove=shop.sales["logmove"].where(~later, 0.0))
    pd.testing.assert_frame_equal(_forecast(shop), _forecast(Shop(changed, shop.stores)))


def test_a_featured_week_is_forecast_from_like_weeks_of_its_store() -> None:
    shop = _invent_shop()
    rows = TRUE_ROUND.actual(shop).merge(_forecast(shop), on=[*SERIES, "week"])
    assert len(rows) == 2 * 11 * len(HORIZONS)
    assert mape(rows["units"].to_numpy(), rows[0].to_numpy()) < 10.0


def test_without_the_data_it_says_so_and_is_no_failure() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--data", "/nowhere"], capture_output=True, text=True, check=True
    )
    assert "yx.parquet and storedemo.parquet not found" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["bench"] == "orange_juice"


@pytest.mark.skipif(not (DATA / FILES[0]).exists(), reason=say_absent("orange_juice"))
def test_the_published_seasonal_naive_figure_is_reproduced() -> None:
    shop = read_shop(DATA)
    found = measure(shop, TEST_ROUNDS, [forecast_seasonal_naive(one.known(shop), one) for one in TEST_ROUNDS])
    assert round(found["forecast"]["mape"], 2) == BOARD["seasonal naive"]
