"""Classes, service levels, levels and orders, on numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.decisions.reorder.classes import abc_classes, xyz_classes
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.policy import cover_days, is_overstock, stock_levels, suggested_order
from nightmarket.decisions.reorder.service_level import critical_ratio, service_levels

UNKNOWN = np.array([np.nan])


def ids(*names: str) -> np.ndarray:
    return np.array(names, dtype=object)


def test_a_brings_four_fifths_b_the_next_and_c_the_rest() -> None:
    sales = np.array([70.0, 15.0, 10.0, 4.0, 1.0, 0.0])
    assert "".join(abc_classes(sales, ids("a", "b", "c", "d", "e", "f"))) == "AABCCC"


def test_the_only_product_is_an_a() -> None:
    assert abc_classes(np.array([5.0]), ids("a")).tolist() == ["A"]


def test_steady_sales_are_x_and_a_product_too_young_to_know_is_z() -> None:
    steady, swinging, rare = [10, 11, 9, 10] * 6 + [10, 10], [2, 10] * 13, [0] * 25 + [7]
    assert "".join(xyz_classes(np.array([steady, swinging, rare, [0] * 26], dtype=float))) == "XYZZ"


def test_variation_counts_from_the_first_sale() -> None:
    young = [0] * 16 + [10, 11, 9, 10, 10, 10, 11, 9, 10, 10]
    assert xyz_classes(np.array([young], dtype=float)).tolist() == ["X"]


def test_the_critical_ratio_weighs_margin_against_holding_of_a_review_period() -> None:
    ratio = critical_ratio(np.array([1.0]), np.array([365 / 7]), review_period_days=7)
    assert ratio[0] == pytest.approx(0.5)


@pytest.mark.parametrize(("margin", "holding"), [(np.nan, 1.0), (1.0, np.nan), (0.0, 1.0), (-2.0, 1.0)])
def test_without_a_margin_or_a_holding_cost_the_class_decides(margin: float, holding: float) -> None:
    ratio = critical_ratio(np.array([margin]), np.array([holding]), review_period_days=7)
    found = service_levels(np.array(["B"]), np.array(["Y"]), ratio, by_class=(0.98, 0.95, 0.9))
    assert (found.level[0], found.basis[0]) == (pytest.approx(0.95), "class default")


def test_holding_that_costs_nothing_is_cut_at_the_highest_level() -> None:
    ratio = critical_ratio(np.array([1.0]), np.array([0.0]), review_period_days=7)
    found = service_levels(np.array(["C"]), np.array(["Z"]), ratio, by_class=(0.98, 0.95, 0.9))
    assert (found.level[0], found.basis[0]) == (0.995, "newsvendor")


def test_a_steady_product_takes_less_risk_than_its_class_and_an_erratic_one_more() -> None:
    found = service_levels(
        np.array(["B"] * 3), np.array(["X", "Y", "Z"]), np.full(3, np.nan), by_class=(0.98, 0.94, 0.9)
    )
    assert found.level == pytest.approx([0.96, 0.94, 0.91])


def test_safety_stock_is_what_the_reorder_point_holds_beyond_expected_demand() -> None:
    levels = stock_levels(np.array([14.2]), np.array([20.7]), pack=UNKNOWN, min_order=UNKNOWN)
    assert (levels.reorder_point[0], levels.order_up_to[0]) == (21, 21)
    assert levels.safety_stock[0] == pytest.approx(6.8)


@pytest.mark.parametrize(("position", "order"), [(21.0, 0.0), (20.0, 12.0), (14.0, 12.0), (8.0, 24.0), (0.0, 24.0)])
def test_orders_are_whole_packs_that_reach_the_reorder_point(position: float, order: float) -> None:
    levels = stock_levels(np.array([14.0]), np.array([21.0]), pack=np.array([12.0]), min_order=UNKNOWN)
    found = suggested_order(levels, np.array([position]))[0]
    assert found == order
    assert position + found >= 21


@pytest.mark.parametrize(
    ("position", "pack", "minimum", "order"),
    # The second is the audit's: a level of a lot beyond the reorder point asked for 30 where 24 meets both.
    [(20.0, 6, 24, 24), (14.0, 6, 24, 24), (14.0, 6, 8, 12), (20.5, 6, 0, 6), (14.5, 6, 0, 12), (0.0, 0.5, 30, 30)],
)
def test_an_order_is_the_least_that_meets_reorder_point_minimum_and_packs(
    position: float, pack: float, minimum: float, order: float
) -> None:
    levels = stock_levels(np.array([14.0]), np.array([21.0]), pack=np.array([pack]), min_order=np.array([minimum]))
    found = suggested_order(levels, np.array([position]))[0]
    assert found == order
    assert levels.order_up_to[0] == 21 + max(pack - 1, 0)


def test_the_minimum_order_is_kept_in_whole_packs() -> None:
    levels = stock_levels(np.array([4.0]), np.array([6.0]), pack=np.array([4.0]), min_order=np.array([10.0]))
    assert suggested_order(levels, np.array([5.0]))[0] == 12


def test_without_stock_data_nothing_is_suggested() -> None:
    levels = stock_levels(np.array([4.0]), np.array([6.0]), pack=UNKNOWN, min_order=UNKNOWN)
    assert np.isnan(suggested_order(levels, UNKNOWN)[0])


def test_of_what_nobody_wants_nothing_is_held_whatever_its_pack() -> None:
    levels = stock_levels(np.array([0.0]), np.array([0.0]), pack=np.array([12.0]), min_order=UNKNOWN)
    assert (levels.order_up_to[0], suggested_order(levels, np.array([0.0]))[0]) == (0, 0)


@pytest.mark.parametrize(("on_hand", "days"), [(0.0, 0.0), (7.0, 3.5), (14.0, 7.0), (21.0, 14.0), (126.0, 112.0)])
def test_cover_walks_along_the_expected_weeks_and_goes_on_at_their_mean(on_hand: float, days: float) -> None:
    weekly = WeeklyDemand(np.array([[14.0] + [7.0] * 7]), np.zeros((1, 8, 5)))
    assert cover_days(np.array([on_hand]), weekly, np.ones(1))[0] == pytest.approx(days)


def test_a_product_without_demand_has_no_cover() -> None:
    nothing = WeeklyDemand(np.zeros((1, 8)), np.zeros((1, 8, 5)))
    assert np.isnan(cover_days(np.array([9.0]), nothing, np.ones(1))[0])


def test_overstock_is_more_than_the_level_and_eight_weeks_of_demand() -> None:
    levels = stock_levels(np.array([4.0]), np.array([6.0]), pack=UNKNOWN, min_order=UNKNOWN)
    assert not is_overstock(np.array([22.0]), levels, np.array([16.0]))[0]
    assert is_overstock(np.array([22.5]), levels, np.array([16.0]))[0]
