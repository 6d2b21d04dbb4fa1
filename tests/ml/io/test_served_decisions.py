"""What the report reads of the plan: figures of the shop, not of its rows."""

from __future__ import annotations

from datetime import date

import duckdb

from nightmarket.decisions.reorder.table import TABLE
from nightmarket.io.served_decisions import read_plan_totals
from nightmarket.report.decisions import PlanTotals


def test_a_warehouse_counts_neither_the_demand_nor_the_orders_of_its_stores_twice() -> None:
    night = date(2024, 6, 1)
    with duckdb.connect() as connection:
        columns = ", ".join(f"{one.name} {one.type}" for one in TABLE.columns)
        connection.execute(f"create schema decisions; create table decisions.reorder_plan_history ({columns})")
        rows = [
            ("tea", "store", None, 24.0),
            ("tea", "kiosk", None, 12.5),
            ("tea", "warehouse", 20.0, 72.0),
            ("jam", "store", None, 6.0),  # no warehouse holds it, so the store buys
            ("rum", "store", None, None),
        ]
        for product, place, supplied, order in rows:
            connection.execute(
                "insert into decisions.reorder_plan_history by name select ? as product_id, ? as location_id, "
                "? as as_of_date, 200 as demand_units, 10 as unit_price_amount, 9 as on_hand_units, "
                "?::double as supplied_places_units, ?::double as suggested_order_units",
                [product, place, night, supplied, order],
            )
        totals = PlanTotals(*read_plan_totals(connection, night))
    assert (totals.n_rows, totals.n_products, totals.n_with_stock) == (5, 3, 5)
    assert (totals.demand_units, totals.demand_amount) == (800, 8000)
    assert (totals.n_to_order, totals.units_to_order) == (2, 78)
    assert (totals.n_to_move, totals.units_to_move) == (2, 36.5)
