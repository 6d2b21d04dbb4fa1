"""A product in several places: what each sells, and what one without sales supplies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.ml.decisions.reorder.tea_shop import plan, stock

from nightmarket.decisions.reorder.inputs import LocationSales


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
