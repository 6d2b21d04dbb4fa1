"""What to order: the plan's rows, what is at risk, and demand beside what was sold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from nightmarket.report.bands import draw_outlook
from nightmarket.report.content import NightReport
from nightmarket.report.decisions import Decisions, OrderSection, PlanTotals
from nightmarket.report.outlooks import tell_apart
from nightmarket.report.render import render_report

from .decided import STOCK, Decided, planned, section_of
from .hostile_decisions import OUTLOOK


def test_a_shop_without_stock_is_told_so_and_still_gets_its_reorder_points(page_of: Callable[..., str]) -> None:
    orders = section_of(page_of(Decided()), "orders")
    assert "The shop gave no stock, so no order is suggested" in orders
    assert re.findall(r'<th scope="row">(\w+)<', orders) == ["BREAD", "MILK", "CANDLES"]
    assert '<td class="n" data-value="120">120</td><td class="n" data-value="180">180</td>' in orders
    assert "USD 120" in orders
    assert "no price" in orders
    for part in ("On hand", "Runs out", "Cover"):
        assert part not in orders
    assert "&lt;script&gt;" in orders


def test_what_may_run_out_and_costs_most_is_at_the_top(page_of: Callable[..., str]) -> None:
    plan = (
        planned("p1", 20.0, **STOCK),
        planned("p2", 60.0, **STOCK | {"stock_out_probability": 0.01, "is_stock_out_risk": False}),
        planned("p3", 1000.0),
    )
    orders = section_of(page_of(Decided(plan=plan)), "orders")
    assert re.findall(r'<th scope="row">(\w+)<', orders) == ["MILK", "BREAD", "CANDLES"]
    for part in (
        "stock known in 2 of 3 rows",
        "<dt>At risk of running out</dt><dd>1</dd>",
        "<strong>55</strong>",
        "4 days",
        "92%",
        "USD 36.80",
        "not given",
        "order 55: 5 on hand",
    ):
        assert part in orders


def test_an_order_is_shown_to_the_last_part_of_a_unit_and_what_is_expected_is_not(page_of: Callable[..., str]) -> None:
    parts = {"on_hand_units": 12.25, "on_order_units": 10.5, "suggested_order_units": 44.5}
    orders = section_of(page_of(Decided(plan=(planned("p1", 23.456, **STOCK | parts),))), "orders")
    for part in ("<strong>44.5</strong>", ">12.25<", "+10.5 ordered", "44.5 units to buy<", ">23<"):
        assert part in orders
    assert "move out of warehouses" not in orders


def test_what_a_warehouse_sends_to_its_places_is_no_purchase(page_of: Callable[..., str]) -> None:
    plan = (
        planned("p1", 20.0, **STOCK, location_id="store"),
        planned("p1", 20.0, **STOCK | {"suggested_order_units": 72.0}, location_id="depot", supplied_places_units=5.0),
    )
    orders = section_of(page_of(Decided(plan=plan)), "orders")
    assert '<dd>1</dd><dd class="aside">72 units to buy; 55 more move out of warehouses, in 1 row</dd>' in orders


def test_demand_is_drawn_with_its_band_beside_what_was_sold(page_of: Callable[..., str]) -> None:
    orders = section_of(page_of(Decided()), "orders")
    assert orders.count("<svg") == 2
    assert "MILK: 12 weeks sold and 8 weeks expected, in units by week" in orders
    assert orders.count('class="band90"') == 2
    assert "smooth demand, by lightgbm" in orders


def test_plots_of_products_that_share_a_name_are_told_apart() -> None:
    small, large, other = (
        replace(OUTLOOK, id=one, name=name) for one, name in (("1", "MILK"), ("2", "MILK"), ("3", "TEA"))
    )
    assert [one.name for one in tell_apart([small, large, other])] == ["MILK, 1", "MILK, 2", "TEA"]


def test_a_band_can_be_drawn_of_nothing_sold_and_of_returns() -> None:
    nothing = replace(OUTLOOK, expected=(0.0,), p05=(0.0,), p25=(0.0,), p75=(0.0,), p95=(0.0,), sold=())
    for outlook in (OUTLOOK, nothing):
        drawn = draw_outlook(outlook)
        assert drawn.count("<polygon") == 2
        assert "<script" not in drawn
        assert "nan" not in drawn


def test_an_empty_plan_is_said_to_be_empty(full_report: NightReport) -> None:
    empty = OrderSection(PlanTotals(0, 0, 0, 0, 0.0, 0, 0, 0.0, 0.0), "EUR")
    page = render_report(replace(full_report, decisions=Decisions(orders=empty)))
    assert "The plan of this night is empty" in page
    assert "<script" not in page
