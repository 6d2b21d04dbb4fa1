"""The plan's rows: what is known, what is assumed, and that the row says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.ml.decisions.reorder.tea_shop import NOTHING_SOLD_BY_PLACE, demand, plan, sales, stock

from nightmarket.decisions.reorder.inputs import ForecastDemand, Rules
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.plan import plan_reorder


def test_without_stock_data_the_row_says_so_and_gives_its_levels() -> None:
    (row,) = plan(stock())
    assert row["reason"].startswith("no stock data: order below ")
    assert "20 expected in 14 days" in row["reason"]
    assert row["reorder_point_units"] >= row["demand_units_p95"]
    assert np.isnan(row["suggested_order_units"])
    assert row["is_overstock"] is None
    assert row["is_stock_out_risk"] is None
    assert row["location_id"] == ""


def test_stock_below_the_reorder_point_is_ordered_up_in_packs() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 3, "on_order": 2, "lead_time_days": 7, "pack_size": 6}))
    assert row["suggested_order_units"] % 6 == 0
    assert row["reorder_point_units"] <= 5 + row["suggested_order_units"] < row["reorder_point_units"] + 6
    assert (row["pack_size"], row["order_up_to_units"]) == (6, row["reorder_point_units"] + 5)
    assert np.isnan(row["min_order_quantity"])
    assert row["reason"].startswith("order 30 (5 packs of 6): 3 on hand and 2 on order, below the reorder point of ")
    assert row["is_stock_out_risk"] is True
    assert row["stock_out_probability"] > 0.9
    assert row["reason"].endswith("; runs out within the lead time with a probability of over 99 %")
    assert (row["lead_time_days"], row["lead_time_basis"]) == (7, "given")


@pytest.mark.parametrize(
    ("given", "order", "said"),
    [
        ({"on_hand": 0, "pack_size": 0.3}, 32.1, "order 32.1 (107 packs of 0.3): 0 on hand, below"),
        ({"on_hand": 0.04, "on_order": 12.25}, 20.0, "order 20: 0.04 on hand and 12.25 on order, below"),
        ({"on_hand": 1000.5}, 0.0, "order nothing, overstock: 1,000.5 on hand, "),
    ],
)
def test_the_reason_names_the_order_of_the_row_to_the_last_part_of_a_unit(
    given: dict[str, Any], order: float, said: str
) -> None:
    (row,) = plan(stock({"product_id": "tea", "lead_time_days": 7, **given}))
    assert row["suggested_order_units"] == order
    assert row["reason"].startswith(said)


def test_the_reason_says_where_the_minimum_decides_what_is_ordered() -> None:
    terms = {"product_id": "tea", "on_order": 0, "lead_time_days": 7, "pack_size": 6, "min_order": 20}
    (few,) = plan(stock({**terms, "on_hand": 20}))
    assert (few["suggested_order_units"], few["min_order_quantity"]) == (24, 20)
    assert few["reason"].startswith("order 24 (4 packs of 6, for the minimum order of 20): 20 on hand, below the ")
    (many,) = plan(stock({**terms, "on_hand": 0}))
    assert many["reason"].startswith("order 36 (6 packs of 6): 0 on hand, below the ")


def test_what_is_hardly_sold_is_not_worth_holding_and_no_risk() -> None:
    weekly = WeeklyDemand(np.full((1, 8), 0.02), np.tile([0.0, 0.0, 0.0, 0.0, 0.05], (1, 8, 1)))
    rare = ForecastDemand(np.array(["tea"], object), np.array(["DRINKS"], object), weekly)
    (without,) = plan(stock(), of=rare)
    said = "not worth holding at 98.7 % (class AX), less than 0.1 expected in 14 days"
    assert without["reason"] == f"no stock data: {said}"
    (empty,) = plan(stock({"product_id": "tea", "on_hand": 0, "on_order": 0, "lead_time_days": 7}), of=rare)
    assert empty["reason"] == f"order nothing: 0 on hand, {said}"
    assert empty["is_stock_out_risk"] is False


@pytest.mark.parametrize(
    ("lead_time", "said"),
    [
        (np.nan, "lead time not given, 10 days assumed"),
        (0.0, "lead time given as 0, not believed: 10 days assumed"),
        (-3.0, "lead time given as -3, not believed: 10 days assumed"),
        (9999.0, "lead time given as 9999, not believed: 10 days assumed"),
    ],
)
def test_a_lead_time_that_is_missing_zero_or_absurd_is_assumed_and_said(lead_time: float, said: str) -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 50, "lead_time_days": lead_time}), lead_time_days=10)
    assert (row["lead_time_days"], row["lead_time_basis"]) == (10, "default")
    assert said in row["reason"]


def test_negative_stock_counts_as_none_and_is_said() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": -4, "on_order": -3, "lead_time_days": 7}))
    assert (row["on_hand_units"], row["on_order_units"]) == (0, 0)
    assert row["suggested_order_units"] == row["order_up_to_units"]
    assert "stock given as -4, taken as 0; on order given as -3, taken as 0" in row["reason"]


def test_a_count_older_than_the_newest_of_the_shop_says_its_age() -> None:
    def counted(age: int, other: int) -> str:
        rows = plan(
            stock(
                {"product_id": "tea", "on_hand": 50, "age_days": age},
                {"product_id": "jam", "on_hand": 50, "age_days": other},
            )
        )
        return str(next(row["reason"] for row in rows if row["product_id"] == "tea"))

    # Tonight's count may have been set aside: an older one does not stand for it in silence.
    assert "; stock counted 3 days ago; " in counted(3, 1)
    assert "counted" not in counted(3, 3)
    assert "; stock counted 9 days ago; " in counted(9, 9)


def test_other_numbers_below_zero_are_not_believed_and_said() -> None:
    numbers = {"pack_size": -6, "min_order": -2, "unit_margin": -0.5, "unit_cost": -1.2, "holding_cost": -3}
    (row,) = plan(stock({"product_id": "tea", "on_hand": 5, "on_order": 0, "lead_time_days": 7, **numbers}))
    assert row["suggested_order_units"] == row["reorder_point_units"] - 5
    assert row["service_level_basis"] == "class default"
    assert (
        "; pack size given as -6, single units assumed; minimum order given as -2, none assumed; margin given as -0.5: "
        "its class sets the level; unit cost given as -1.2, not believed; holding cost given as -3, not believed"
    ) in row["reason"]


def test_a_holding_cost_below_zero_leaves_the_units_cost_to_say_it() -> None:
    (row,) = plan(
        stock({"product_id": "tea", "on_hand": 5, "unit_margin": 1.0, "holding_cost": -3, "unit_cost": 4 * 365 / 7 / 9})
    )
    assert (row["service_level"], row["service_level_basis"]) == (pytest.approx(0.9), "newsvendor")


def test_what_is_on_order_stays_unknown_and_counts_as_none() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 50, "lead_time_days": 7}))
    assert np.isnan(row["on_order_units"])
    assert "on order unknown, taken as 0" in row["reason"]


def test_a_product_never_sold_but_in_stock_has_a_row_with_a_reason() -> None:
    coal = next(row for row in plan(stock({"product_id": "coal", "on_hand": 12})) if row["product_id"] == "coal")
    assert coal["reason"].startswith("not sold in 182 days: order nothing, 12 on hand")
    assert (coal["suggested_order_units"], coal["reorder_point_units"], coal["is_overstock"]) == (0, 0, True)
    assert np.isnan(coal["unit_price_amount"])
    assert np.isnan(coal["cover_days"])


def test_a_product_without_a_forecast_is_planned_by_its_recent_weeks() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 50, "lead_time_days": 7}), of=demand())
    assert row["demand_units"] == pytest.approx(20)
    assert "no forecast: its last 26 weeks stand for it" in row["reason"]


def test_a_missing_price_is_null_and_said() -> None:
    columns = plan_reorder(demand("tea"), sales("tea", price=0.0), stock(), NOTHING_SOLD_BY_PLACE, Rules())
    assert np.isnan(columns["unit_price_amount"][0])
    assert "price unknown" in columns["reason"][0]


def test_margin_and_holding_cost_make_the_level_the_newsvendors() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 50, "unit_margin": 1.0, "holding_cost": 365 / 7 / 9}))
    assert (row["service_level"], row["service_level_basis"]) == (pytest.approx(0.9), "newsvendor")


def test_overstock_without_any_demand_does_not_tell_days_of_it() -> None:
    nothing = ForecastDemand(
        np.array(["tea"], object), np.array([None], object), WeeklyDemand(np.zeros((1, 8)), np.zeros((1, 8, 5)))
    )
    (row,) = plan(stock({"product_id": "tea", "on_hand": 9, "on_order": 0, "lead_time_days": 7}), of=nothing)
    assert row["reason"] == "order nothing, overstock: 9 on hand, no demand, for a level of 0"


def test_overstock_is_flagged_with_its_cover() -> None:
    (row,) = plan(stock({"product_id": "tea", "on_hand": 500, "on_order": 0, "lead_time_days": 7}))
    assert row["is_overstock"] is True
    assert row["cover_days"] == pytest.approx(350)
    assert row["reason"].startswith("order nothing, overstock: 500 on hand, 350 days of demand")
