"""What the report reads of the plan: figures of the shop, not of its rows."""

from __future__ import annotations

from datetime import date

import duckdb

from nightmarket.decisions.reorder.table import TABLE
from nightmarket.io.served_decisions import read_plan_totals


def test_a_warehouse_does_not_count_the_demand_of_its_stores_twice() -> None:
    night = date(2024, 6, 1)
    with duckdb.connect() as connection:
        columns = ", ".join(f"{one.name} {one.type}" for one in TABLE.columns)
        connection.execute(f"create schema decisions; create table decisions.reorder_plan_history ({columns})")
        for place, supplied in (("store", None), ("warehouse", 20.0)):
            connection.execute(
                "insert into decisions.reorder_plan_history by name select 'tea' as product_id, ? as location_id, "
                "? as as_of_date, 200 as demand_units, 10 as unit_price_amount, 9 as on_hand_units, "
                "?::double as supplied_places_units, 30 as suggested_order_units",
                [place, night, supplied],
            )
        n_rows, n_products, n_with_stock, n_to_order, units_to_order, *_, demand, amount = read_plan_totals(
            connection, night
        )
    assert (n_rows, n_products, n_with_stock, n_to_order, units_to_order) == (2, 1, 2, 2, 60)
    assert (demand, amount) == (200, 2000)
