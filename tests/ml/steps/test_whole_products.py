"""A campaign asks for a product wherever it lies: what a warehouse has, its stores can sell."""

from __future__ import annotations

import pyarrow as pa

from nightmarket.steps.deciding.whole_products import whole_products


def test_a_product_that_a_warehouse_supplies_is_its_row_with_what_all_places_hold() -> None:
    plan = pa.table(
        {
            "product_id": ["jam", "tea", "tea", "vase"],
            "location_id": ["store", "store", "warehouse", ""],
            "on_hand_units": pa.array([3.0, 20.0, 400.0, None]),
            "supplied_places_units": pa.array([None, None, 20.0, None], pa.float64()),
            "is_stock_out_risk": [False, True, False, None],
        }
    )
    found = whole_products(plan)
    assert found["location_id"].to_pylist() == ["store", "warehouse", ""]
    assert found["on_hand_units"].to_pylist() == [3.0, 420.0, None]
    assert whole_products(plan.slice(0, 1)).equals(plan.slice(0, 1))
    assert found["is_stock_out_risk"].to_pylist() == [False, False, None]
