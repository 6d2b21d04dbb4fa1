"""The plan's rows: what is known, what is assumed, and that the row says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nightmarket.decisions.reorder.inputs import ForecastDemand, LocationSales, RecentSales, Rules, Stock
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.plan import plan_reorder

NOTHING_SOLD_BY_PLACE = LocationSales(np.array([], object), np.array([], object), np.array([]))
_NUMBERS = (
    "age_days", "on_hand", "on_order", "lead_time_days", "pack_size", "min_order", "unit_cost", "unit_margin",
    "holding_cost",
)  # fmt: skip


def stock(*rows: dict[str, Any]) -> Stock:
    rows = tuple(sorted(rows, key=lambda row: (row["product_id"], row.get("location_id", ""))))
    return Stock(
        product_ids=np.array([row["product_id"] for row in rows], dtype=object),
        location_ids=np.array([row.get("location_id", "") for row in rows], dtype=object),
        **{
            name: np.array([row.get(name, 1.0 if name == "age_days" else np.nan) for row in rows], dtype=float)
            for name in _NUMBERS
        },
    )


def demand(*products: str) -> ForecastDemand:
    """Every product is forecast to sell 10 a week, 6 to 15."""
    n = len(products)
    weekly = WeeklyDemand(np.full((n, 8), 10.0), np.tile([6.0, 8.0, 10.0, 12.0, 15.0], (n, 8, 1)))
    return ForecastDemand(np.array(products, dtype=object), np.full(n, "DRINKS", dtype=object), weekly)


def sales(*products: str, price: float = 2.0) -> RecentSales:
    n = len(products)
    return RecentSales(np.array(products, dtype=object), np.full((n, 26), 10.0), np.full(n, 260 * price))


def plan(known: Stock, *, of: ForecastDemand | None = None, sold: Any = None, **rules: Any) -> list[dict[str, Any]]:
    columns = plan_reorder(
        demand("tea") if of is None else of, sales("tea"), known, sold or NOTHING_SOLD_BY_PLACE, Rules(**rules)
    )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


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


def test_places_share_the_demand_as_they_sold_it() -> None:
    sold = LocationSales(
        np.array(["tea"] * 3, object), np.array(["a", "b", "web"], object), np.array([30.0, 10.0, 5.0])
    )
    known = stock(
        {"product_id": "tea", "location_id": "a", "on_hand": 9}, {"product_id": "tea", "location_id": "b", "on_hand": 9}
    )
    first, second = plan(known, sold=sold)
    assert (first["location_id"], second["location_id"]) == ("a", "b")
    assert (first["demand_units"], second["demand_units"]) == (15, 5)


def test_a_warehouse_that_sells_nothing_itself_serves_all() -> None:
    (row,) = plan(stock({"product_id": "tea", "location_id": "depot", "on_hand": 9}))
    assert row["demand_units"] == 20


def _two_tier(store: float, depot: float, *others: tuple[str, float], **terms: Any) -> dict[str, dict[str, Any]]:
    """Return the rows by place, of tea in a store that sold all of it but what ``others`` sold, and a depot."""
    sold = LocationSales(
        np.array(["tea"] * (1 + len(others)), object),
        np.array(["store", *(name for name, _ in others)], object),
        np.array([260.0, *(units for _, units in others)]),
    )
    given = {"product_id": "tea", "on_order": 0, "lead_time_days": 7, **terms}
    rows = plan(
        stock({**given, "location_id": "store", "on_hand": store}, {**given, "location_id": "depot", "on_hand": depot}),
        sold=sold,
    )
    return {row["location_id"]: row for row in rows}


def test_a_depot_supplies_the_store_and_is_no_overstock_for_selling_nothing() -> None:
    rows = _two_tier(2, 40)
    store, depot = rows["store"], rows["depot"]
    assert (store["demand_units"], depot["demand_units"]) == (20, 20)
    assert (store["suggested_order_units"], depot["suggested_order_units"]) == (30, 0)
    assert np.isnan(store["supplied_places_units"])
    assert (depot["supplied_places_units"], depot["is_overstock"], depot["is_stock_out_risk"]) == (2, False, False)
    assert depot["cover_days"] == pytest.approx(7 * 42 / 10)
    assert store["reason"].endswith("; supplied by depot, 40 on hand there")
    assert depot["reason"].startswith(
        "order nothing: 40 on hand, 2 at the places it supplies, enough for the reorder point of 32"
    )


def test_a_depot_orders_when_all_places_together_have_too_little() -> None:
    depot = _two_tier(12, 3, pack_size=6)["depot"]
    assert depot["suggested_order_units"] == 18
    assert depot["reason"].startswith("order 18 (3 packs of 6): 3 on hand, 12 at the places it supplies, below the ")


def test_a_depot_is_overstocked_where_all_places_together_have_too_much() -> None:
    depot = _two_tier(30, 100)["depot"]
    assert depot["is_overstock"] is True
    assert "91 days of demand" in depot["reason"]


def test_a_depot_serves_what_is_sold_where_none_is_kept() -> None:
    rows = _two_tier(9, 9, ("web", 65.0))
    assert (rows["store"]["demand_units"], rows["depot"]["demand_units"]) == (16, 20)


def test_a_store_that_does_not_sell_the_product_is_no_depot() -> None:
    sold = LocationSales(np.array(["jam", "tea"], object), np.array(["b", "a"], object), np.array([5.0, 9.0]))
    rows = plan(
        stock(
            {"product_id": "tea", "location_id": "a", "on_hand": 9},
            {"product_id": "tea", "location_id": "b", "on_hand": 9},
        ),
        sold=sold,
    )
    assert [row["demand_units"] for row in rows] == [20, 0]
    assert rows[1]["reason"].startswith("not sold here in 182 days: order nothing, 9 on hand")
    assert (rows[1]["suggested_order_units"], rows[1]["is_overstock"]) == (0, True)
    assert all(np.isnan(row["supplied_places_units"]) for row in rows)


def test_stock_without_a_place_that_supplies_a_store_is_called_that() -> None:
    sold = LocationSales(np.array(["tea"], object), np.array(["store"], object), np.array([260.0]))
    places = [{"product_id": "tea", "location_id": one, "on_hand": 3} for one in ("", "store")]
    _, store = plan(stock(*places), sold=sold)
    assert "; supplied by a place without a name, 3 on hand there" in store["reason"]


def test_two_depots_have_equal_parts() -> None:
    sold = LocationSales(np.array(["tea"], object), np.array(["a"], object), np.array([9.0]))
    places = [{"product_id": "tea", "location_id": one, "on_hand": 9} for one in ("a", "d1", "d2")]
    store, first, second = plan(stock(*places), sold=sold)
    assert [one["demand_units"] for one in (store, first, second)] == [20, 10, 10]
    assert (first["supplied_places_units"], second["supplied_places_units"]) == (4.5, 4.5)
    assert "; supplied by 2 places, 18 on hand there; " in store["reason"]


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
