"""A panel holds what was known at its origin, and nothing else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.errors import PanelUnusable
from nightmarket.modeling.demand import build_panel
from nightmarket.modeling.demand.histories import fill_missing

ORIGIN = date(2017, 1, 23)
PRODUCTS = pa.table({"product_id": ["b", "a", "unsold"], "category_id": ["fruit", None, "fruit"]})


def lines(*rows: tuple[str, date, float, float]) -> pa.Table:
    names = ("product_id", "order_date", "quantity", "sales_amount")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_weeks_are_blocks_of_seven_days_that_end_before_the_origin() -> None:
    panel = build_panel(
        lines(("a", date(2017, 1, 22), 1, 2.0), ("a", date(2017, 1, 16), 2, 4.0), ("b", date(2017, 1, 9), 5, 5.0)),
        ORIGIN,
        products=PRODUCTS,
    )
    assert panel.product_ids.tolist() == ["a", "b"]
    assert panel.units.tolist() == [[0, 3], [5, 0]]
    assert panel.sales_amount.tolist() == [[0, 6], [5, 0]]
    assert panel.category.tolist() == [-1, 0]
    assert panel.age_weeks.tolist() == [1, 2]


def test_sales_on_the_origin_or_of_unknown_products_are_left_out() -> None:
    panel = build_panel(
        lines(("a", date(2017, 1, 22), 1, 1.0), ("a", ORIGIN, 9, 9.0), ("gone", date(2017, 1, 22), 9, 9.0)),
        ORIGIN,
        products=PRODUCTS,
    )
    assert panel.units.sum() == 1


def test_a_version_counts_only_while_it_was_known() -> None:
    table = lines(*[("a", date(2017, 1, 22), quantity, 1.0) for quantity in (1, 10, 100)])
    table = table.append_column("arrived_date", pa.array([date(2017, 1, 22), date(2017, 1, 22), ORIGIN]))
    table = table.append_column(
        "superseded_date", pa.array([date(2017, 1, 22), date(9999, 12, 31), date(9999, 12, 31)])
    )
    assert build_panel(table, ORIGIN, products=PRODUCTS).units.sum() == 10


def test_weekly_sales_give_the_same_panel_as_their_lines() -> None:
    daily = lines(("a", date(2017, 1, 17), 2, 4.0), ("a", date(2017, 1, 9), 1, 1.0))
    weekly = lines(("a", date(2017, 1, 16), 2, 4.0), ("a", date(2017, 1, 9), 1, 1.0)).rename_columns(
        ["product_id", "week_start_date", "quantity", "sales_amount"]
    )
    panels = [build_panel(table, ORIGIN, products=PRODUCTS) for table in (daily, weekly)]
    assert panels[0].units.tolist() == panels[1].units.tolist() == [[1, 2]]


def test_a_plan_counts_ahead_only_if_it_had_arrived() -> None:
    sales = lines(("a", date(2017, 1, 22), 1, 1.0), ("b", date(2017, 1, 22), 1, 1.0))
    promotions = pa.table(
        {
            "product_id": ["a", "b"],
            "start_date": [ORIGIN, ORIGIN],
            "end_date": [date(2017, 1, 29), date(2017, 1, 29)],
            "arrived_date": [date(2017, 1, 20), ORIGIN],
        }
    )
    panel = build_panel(sales, ORIGIN, products=PRODUCTS, promotions=promotions)
    assert panel.promoted_ahead[:, 0].tolist() == [1, 0]
    assert np.isnan(panel.promoted_ahead[:, 1:]).all()


def test_a_week_out_of_stock_is_missing_and_a_part_of_one_counts_up() -> None:
    sales = lines(("a", date(2017, 1, 2), 4, 4.0), ("a", date(2017, 1, 10), 0, 0.0), ("a", date(2017, 1, 20), 2, 2.0))
    days = [date(2017, 1, day) for day in range(9, 23)]
    stock = pa.table({"product_id": ["a"] * 14, "date": days, "in_stock": [False] * 7 + [True] * 5 + [False] * 2})
    demand = build_panel(sales, ORIGIN, products=PRODUCTS, stock=stock).demand()
    np.testing.assert_allclose(demand, [[4, np.nan, 2 / (5 / 7)]])
    np.testing.assert_allclose(fill_missing(demand), [[4, 4, 2.8]])


def test_returns_do_not_make_demand_negative() -> None:
    panel = build_panel(lines(("a", date(2017, 1, 22), -3, -3.0)), ORIGIN, products=PRODUCTS)
    assert panel.units.tolist() == [[-3]]
    assert panel.demand().tolist() == [[0]]


def test_no_sale_before_the_origin_is_refused() -> None:
    with pytest.raises(PanelUnusable, match=r"Got no sale before 2017-01-23 but expected at least one"):
        build_panel(lines(("a", ORIGIN, 1, 1.0)), ORIGIN, products=PRODUCTS)
