"""A check that cannot fail is a defect: the suite of reorder_plan refuses every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightmarket.decisions.reorder.table import POLICY_VERSION, TABLE

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of
from .staged_samples import AS_OF, RUN_ID, StagedShop, decided_shop

SUITE = "decisions__reorder_plan"

_VALUES = {
    "product_id": "'p' || lpad(i::varchar, 2, '0')",
    "location_id": "''",
    "as_of_date": f"date '{AS_OF}'",
    "category_id": "'k' || i % 4",
    "abc_class": "case when i < 4 then 'A' when i < 8 then 'B' else 'C' end",
    "xyz_class": "case i % 3 when 0 then 'X' when 1 then 'Y' else 'Z' end",
    "service_level": "0.95",
    "service_level_basis": "'class default'",
    "lead_time_days": "7",
    "lead_time_basis": "'given'",
    "review_period_days": "7",
    "demand_units": "14",
    **{f"demand_units_p{at:02}": str(units) for at, units in ((5, 7), (25, 11), (50, 14), (75, 17), (95, 21))},
    "safety_stock_units": "7",
    "reorder_point_units": "21",
    "order_up_to_units": "21",
    "pack_size": "case when i < 3 then 11 when i = 4 then 5.5 end",
    "min_order_quantity": "case when i < 2 then 10 end",
    # Products from p10 on are not in stock data; those below p05 are ordered.
    "on_hand_units": "case when i < 5 then 10 when i < 10 then 30 end",
    "on_order_units": "null",
    "supplied_places_units": "null",
    "suggested_order_units": "case when i < 5 then 11 when i < 10 then 0 end",
    "cover_days": "case when i < 5 then 10 when i < 10 then 30 end",
    "stock_out_probability": "case when i < 5 then 0.1 when i < 10 then 0 end",
    "is_stock_out_risk": "case when i < 10 then i < 5 end",
    "is_overstock": "case when i < 10 then false end",
    "unit_price_amount": "2.5",
    "reason": "'order 11'",
    "policy_version": f"'{POLICY_VERSION}'",
    "run_id": f"'{RUN_ID}'",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StagedShop]:
    """Twenty products, as they are planned."""
    yield from decided_shop(
        tmp_path, TABLE, _VALUES, "range(20) as t(i)", rows_decided=20, policy_version=POLICY_VERSION
    )


_P3 = "where product_id = 'p03'"
STOPS: list[Sample] = [
    (SUITE, f"delete from staged {_P3}", "as many rows as `decide` recorded"),
    (SUITE, f"update staged set product_id = null {_P3}", "product_id"),
    (SUITE, f"update staged set location_id = null {_P3}", "location_id"),
    (SUITE, f"update staged set product_id = 'p04' {_P3}", "one row per product and location"),
    (SUITE, f"update staged set abc_class = 'D' {_P3}", "classes A, B, C"),
    (SUITE, f"update staged set service_level = 98 {_P3}", "a service level from 0.5"),
    (SUITE, f"update staged set service_level = 'nan' {_P3}", "a service level from 0.5"),
    (SUITE, f"update staged set lead_time_days = 0 {_P3}", "a lead time from 1 to 730"),
    (SUITE, f"update staged set demand_units = 'inf' {_P3}", "demand and levels that are known"),
    (SUITE, f"update staged set reorder_point_units = null {_P3}", "demand and levels that are known"),
    (SUITE, f"update staged set demand_units_p75 = 22 {_P3}", "quantiles of demand that do not cross"),
    (SUITE, f"update staged set demand_units_p50 = null {_P3}", "quantiles of demand that do not cross"),
    (SUITE, f"update staged set order_up_to_units = 20 {_P3}", "an order-up-to level no lower"),
    (SUITE, f"update staged set safety_stock_units = 9 {_P3}", "a safety stock that is what"),
    (SUITE, "update staged set suggested_order_units = 0 where product_id = 'p15'", "exactly where stock is known"),
    (SUITE, f"update staged set is_overstock = null {_P3}", "exactly where stock is known"),
    (SUITE, f"update staged set cover_days = -1 {_P3}", "finite and not negative, and probabilities"),
    (SUITE, f"update staged set stock_out_probability = 1.2 {_P3}", "finite and not negative, and probabilities"),
    (SUITE, f"update staged set suggested_order_units = 0 {_P3}", "an order exactly where less"),
    (SUITE, f"update staged set pack_size = 0 {_P3}", "packs and minimum orders above 0"),
    (SUITE, f"update staged set pack_size = 'nan' {_P3}", "packs and minimum orders above 0"),
    (SUITE, f"update staged set min_order_quantity = -1 {_P3}", "packs and minimum orders above 0"),
    (SUITE, f"update staged set pack_size = 4 {_P3}", "orders that keep to both"),
    (SUITE, f"update staged set suggested_order_units = 11.5 {_P3}", "orders that keep to both"),
    (SUITE, f"update staged set min_order_quantity = 12 {_P3}", "orders that keep to both"),
    (SUITE, f"update staged set suggested_order_units = 12 {_P3}", "no order of which a pack less would do"),
    (
        SUITE,
        "update staged set suggested_order_units = 22 where product_id = 'p01'",
        "no order of which a pack less would do",
    ),
    (SUITE, f"update staged set supplied_places_units = 2 {_P3}", "a place that supplies others"),
    (SUITE, "update staged set supplied_places_units = 11 where product_id = 'p05'", "a place that supplies others"),
    (SUITE, f"update staged set unit_price_amount = 0 {_P3}", "a price above 0"),
    (SUITE, f"update staged set reason = null {_P3}", "reason"),
    (SUITE, f"update staged set as_of_date = '2024-05-31' {_P3}", "rows of this night"),
    (SUITE, f"update staged set run_id = 'another' {_P3}", "rows of this night"),
]

WARNS: list[Sample] = [(SUITE, "delete from previous where product_id > 'p05'", "between half and twice the products")]


def test_the_valid_sample_passes(shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_valid(shop, suite_called(SUITE))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(sample: Sample, shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_stops(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNS, ids=id_of)
def test_a_suspicious_sample_warns(sample: Sample, shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_warns(shop, suite_called(sample[0]), sample)
