"""A check that cannot fail is a defect: the suites of demand and its sales forecast refuse every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of
from .forecast_samples import build_forecasts, facts_of
from .staged_samples import AS_OF, StagedShop

DEMAND, SALES = "scores__demand", "scores__sales_forecast"
_LAST = "week_start_date = date '2024-06-01' + 49"

STOPS: list[Sample] = [
    (DEMAND, "delete from staged where item_id = 'p3'", "as many rows as `score` recorded"),
    (DEMAND, "update staged set level = 'brand' where item_id = 'p3'", "levels that are product"),
    (DEMAND, "update staged set item_id = null where item_id = 'p3'", "an item and a first day"),
    (DEMAND, f"update staged set week_start_date = '2024-06-01' where {_LAST}", "the eight weeks from the night on"),
    (DEMAND, f"update staged set item_id = 'p4' where item_id = 'p3' and {_LAST}", "the eight weeks from the night on"),
    (DEMAND, "update staged set horizon_days = 7", "horizons that end with the week"),
    (DEMAND, "update staged set units_p05 = -1 where item_id = 'p3'", "units and quantiles that are known"),
    (DEMAND, "update staged set units = 'nan' where item_id = 'p3'", "units and quantiles that are known"),
    (DEMAND, "update staged set units_p50 = null where item_id = 'p3'", "units and quantiles that are known"),
    (DEMAND, "update staged set units_p25 = units_p75 where item_id = 'p3'", "quantiles that never cross"),
    (DEMAND, "update staged set units = 11 where level = 'total'", "one total that the categories add up to"),
    (DEMAND, "update staged set units = 3 where item_id = 'p3'", "products that add up to their category"),
    (DEMAND, "update staged set category_id = 'k2' where item_id = 'p3'", "products that add up to their category"),
    (DEMAND, "update staged set category_id = item_id where level = 'category'", "a category for products alone"),
    (DEMAND, "update staged set demand_class = 'odd' where item_id = 'p3'", "classes that are smooth"),
    (DEMAND, "update staged set method = '' where item_id = 'p3'", "a class, a method and a first reason"),
    (DEMAND, "update staged set reason_1 = null where item_id = 'p3'", "no second reason without a first"),
    (DEMAND, "update staged set as_of_date = '2024-05-31' where item_id = 'p3'", "the night's `as_of_date` alone"),
    (DEMAND, "update staged set model_version = 'demand/2/baseline'", "the `model_version`"),
    (DEMAND, "update staged set run_id = 'another' where item_id = 'p3'", "the `run_id`"),
    (SALES, "delete from staged where item_id = 'k1'", "as many rows as `score` recorded"),
    (SALES, "update staged set grain = 'month' where item_id = 'k1'", "grains that are day or week"),
    (SALES, "update staged set level = 'brand' where item_id = 'k1'", "levels that are category or total"),
    (SALES, "update staged set item_id = null where item_id = 'k1'", "a grain, a level, an item"),
    (SALES, "update staged set period_start_date = '2024-06-01' where grain = 'week'", "56 days and eight weeks"),
    (SALES, "update staged set period_start_date = '2024-05-31' where horizon_days = 56", "56 days and eight weeks"),
    (SALES, "update staged set horizon_days = 7", "horizons that end with the period"),
    (SALES, "update staged set sales_amount_p05 = -1 where item_id = 'k1'", "amounts and quantiles that are known"),
    (SALES, "update staged set sales_amount_p95 = 'inf'", "amounts and quantiles that are known"),
    (SALES, "update staged set sales_amount_p05 = sales_amount_p50", "quantiles that never cross"),
    (SALES, "update staged set sales_amount = 22 where level = 'total' and grain = 'week'", "one total that"),
    (SALES, "update staged set sales_amount = 2 * sales_amount where grain = 'day'", "days that add up to weeks"),
    (SALES, "update staged set method = null where item_id = 'k1'", "a method and a first reason"),
    (SALES, "update staged set reason_1 = null where item_id = 'k1'", "no second reason without a first"),
    (SALES, "update staged set as_of_date = '2024-05-31' where item_id = 'k1'", "the night's `as_of_date` alone"),
    (SALES, "update staged set model_version = 'demand/2/baseline'", "the `model_version`"),
    (SALES, "update staged set run_id = 'another' where item_id = 'k1'", "the `run_id`"),
]

WARNS: list[Sample] = [
    (DEMAND, "update staged set units_p95 = 0.9 * units, units_p75 = 0.9 * units", "not above the 95 % quantile"),
    (DEMAND, "update previous set units = 3 * units", "half and twice the units"),
    (SALES, "update previous set sales_amount = 3 * sales_amount", "half and twice the sales"),
]


@pytest.fixture
def shop_with(tmp_path: Path) -> Iterator[Callable[[str], StagedShop]]:
    """Give valid forecasts of the table that a suite is about."""
    with duckdb.connect() as connection:

        def build(suite: str) -> StagedShop:
            name = suite.removeprefix("scores__")
            for table in ("staged", "previous"):
                build_forecasts(connection, name, table, AS_OF)
            return StagedShop(connection, tmp_path, facts_of(name))

        yield build


@pytest.mark.parametrize("suite", [DEMAND, SALES])
def test_the_valid_sample_passes(
    suite: str, shop_with: Callable[[str], StagedShop], suite_called: Callable[..., Any]
) -> None:
    assert_valid(shop_with(suite), suite_called(suite))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(
    sample: Sample, shop_with: Callable[[str], StagedShop], suite_called: Callable[..., Any]
) -> None:
    assert_stops(shop_with(sample[0]), suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNS, ids=id_of)
def test_a_suspicious_sample_warns(
    sample: Sample, shop_with: Callable[[str], StagedShop], suite_called: Callable[..., Any]
) -> None:
    assert_warns(shop_with(sample[0]), suite_called(sample[0]), sample)


def test_a_model_that_missed_two_months_is_a_warning(
    shop_with: Callable[[str], StagedShop], suite_called: Callable[..., Any]
) -> None:
    outcome = shop_with(DEMAND).check(suite_called(DEMAND), model_age_days=57)
    assert [one.expects for one in outcome.with_status("warned")] == [
        "a model whose newest week ends at most 56 days before the night"
    ]
