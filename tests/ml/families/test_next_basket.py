"""Which rows next_basket makes of a shop, what it publishes of them, and what it says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.families.next_basket import FAMILY, FEATURES
from nightmarket.modeling.baskets.build import ACTIVE_DAYS, BasketFrame, build_basket_rows
from nightmarket.modeling.baskets.reasons import basket_reasons
from nightmarket.modeling.forecast import Forecast

AS_OF = date(2024, 6, 1)
PRODUCTS = (
    # product_id, category_id, product_name, is_ware, text_hash
    ("beans", "COFFEE", "coffee beans", True, "t1"),
    ("ground", "COFFEE", "ground coffee", True, "t2"),
    ("milk", "DAIRY", "milk", True, "t3"),
    ("oat", "DAIRY", "oat drink", True, None),
    ("petrol", "FUEL", "petrol", False, None),
    ("unsorted", None, "unsorted", False, None),
    ("never sold", "COFFEE", "instant coffee", True, "t2"),
)


@dataclass
class SmallShop:
    """What a family may read, from a few lines."""

    lines: list[tuple[str, str, str, date, float, float]] = field(default_factory=list)

    def buy(self, customer: str, days_ago: int, *products: str, units: float = 1, amount: float = 2) -> SmallShop:
        day = AS_OF - timedelta(days=days_ago)
        order = f"{customer}-{days_ago}"
        self.lines += [(customer, product, order, day, units, amount) for product in products]
        return self

    def order_lines(self, as_of: date) -> pa.Table:
        known = [line for line in self.lines if line[3] < as_of]
        names = ("customer_id", "product_id", "order_id", "order_date", "quantity", "sales_amount")
        types = (pa.string(), pa.string(), pa.string(), pa.date32(), pa.float64(), pa.float64())
        columns: Sequence[Sequence[Any]] = list(zip(*known, strict=True)) or [()] * 6
        return pa.table({n: pa.chunked_array([pa.array(c, t)]) for n, c, t in zip(names, columns, types, strict=True)})

    def products(self, as_of: date) -> pa.Table:
        names = ("product_id", "category_id", "product_name", "is_ware", "text_hash")
        return pa.table(dict(zip(names, map(list, zip(*PRODUCTS, strict=True)), strict=True)))

    def text_vectors(self) -> tuple[pa.Array, np.ndarray]:
        return pa.array(["t1", "t2", "t3"]), np.asarray([[3, 0], [2, 1], [0, 1]], np.float32)

    def text_rows(self, frame: Any) -> Any:
        raise AssertionError("next_basket reads the texts of products, never those of a customer's purchases.")


def _shop() -> SmallShop:
    shop = SmallShop()
    for customer in ("ann", "bob", "cid", "dot"):
        for days_ago in (50, 40, 30, 20, 10):
            shop.buy(customer, days_ago, "milk", "beans" if customer in ("ann", "bob") else "ground")
    return shop.buy("eve", ACTIVE_DAYS, "oat").buy("fay", ACTIVE_DAYS + 1, "oat").buy("ann", 3, "oat", "petrol")


def _pairs(frame: BasketFrame) -> list[tuple[str, str]]:
    return list(zip(frame.customer_ids[frame.customer].tolist(), frame.item_ids[frame.item].tolist(), strict=True))


def test_rows_are_the_wares_that_active_customers_may_buy() -> None:
    frame = build_basket_rows(_shop(), AS_OF)
    assert frame.customer_ids.tolist() == ["ann", "bob", "cid", "dot", "eve"], "fay came a day too long ago"
    assert set(frame.item_ids) == {"beans", "ground", "milk", "oat"}, "no fuel, nothing without a category or sale"
    pairs = _pairs(frame)
    assert pairs == sorted(set(pairs))
    assert {("ann", "beans"), ("ann", "milk"), ("ann", "oat"), ("ann", "ground")} <= set(pairs)
    assert set(FEATURES) <= set(frame.columns)


def test_what_comes_on_the_date_or_later_changes_nothing() -> None:
    shop = _shop()
    before = build_basket_rows(shop, AS_OF)
    after = build_basket_rows(shop.buy("ann", 0, "ground").buy("gus", -3, "milk"), AS_OF)
    assert after.sha256() == before.sha256()


def test_returns_are_no_purchases() -> None:
    before = build_basket_rows(_shop(), AS_OF)
    returned = build_basket_rows(_shop().buy("ann", 2, "ground", units=-1, amount=-2), AS_OF)
    assert returned.sha256() == before.sha256()


def test_a_new_product_is_like_the_one_bought_whose_text_is_nearest() -> None:
    frame = build_basket_rows(_shop(), AS_OF)
    rows = np.asarray([_pairs(frame).index(pair) for pair in (("ann", "ground"), ("ann", "milk"))])
    new, bought = basket_reasons(frame, rows)
    assert new[0] == "new for you, like coffee beans"
    assert not bought[0].startswith("new"), "bought itself"


def test_a_shop_without_lines_has_no_rows() -> None:
    assert len(build_basket_rows(SmallShop(), AS_OF)) == 0


def test_ranks_follow_the_probability_and_then_the_product() -> None:
    frame = build_basket_rows(_shop(), AS_OF)
    assert FAMILY.describe is not None
    described = FAMILY.describe(frame, {"probability": Forecast(np.full(len(frame), 0.2))})
    ann = frame.customer == 0
    assert described["rank"][ann].tolist() == list(range(1, int(ann.sum()) + 1))
    falling = Forecast(np.linspace(0.1, 0.9, len(frame)))
    assert FAMILY.describe(frame, {"probability": falling})["rank"][ann].tolist() == list(range(int(ann.sum()), 0, -1))
    repeats = {pair for pair, repeat in zip(_pairs(frame), described["is_repeat"], strict=True) if repeat}
    assert ("ann", "oat") in repeats
    assert ("ann", "ground") not in repeats


def test_reasons_say_what_was_bought_how_often_and_when() -> None:
    frame = build_basket_rows(_shop(), AS_OF)
    said = dict(zip(_pairs(frame), basket_reasons(frame, np.arange(len(frame))), strict=True))
    assert said["ann", "beans"] == [
        "bought 5 times, every 10 days",
        "last bought 10 days ago, now due",
        "in 5 of the last 6 baskets",
    ]
    assert said["ann", "oat"][:2] == ["bought once", "last bought 3 days ago"]
    assert said["ann", "ground"][:2] == ["new for you, like coffee beans", "goes with what you buy: COFFEE"]


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        ({"pair__n_orders": 2, "pair__mean_interval_days": 0.0}, ["bought 2 times"]),
        (
            {"pair__n_orders": 6, "pair__mean_interval_days": 12.2, "pair__overdue_ratio": 1.6},
            ["bought 6 times, every 12 days", "last bought 1 day ago, overdue"],
        ),
        (
            {"pair__n_orders": 1, "pair__units": 3.0},
            ["bought once", "last bought 1 day ago", "usually 3 at a time"],
        ),
        ({"affinity__neighbours": 0.02}, ["new for you", "popular with shoppers like you"]),
        ({"affinity__together": 0.4}, ["new for you", "goes with your last baskets"]),
        ({"product__n_customers": 40}, ["new for you", "bought by 40 customers"]),
    ],
)
def test_each_fact_has_its_sentence(facts: dict[str, float], sentences: list[str]) -> None:
    frame = build_basket_rows(_shop(), AS_OF).take(np.asarray([0]))
    columns = {name: np.full(1, np.nan, np.float32) for name in frame.columns}
    zero = dict.fromkeys(("pair__n_orders", "category__decayed_orders", "pair__n_last_10"), 0.0)
    given = {**zero, "customer__n_orders": 8.0, "pair__days_since_last_order": 1.0, **facts}
    columns |= {name: np.full(1, value, np.float32) for name, value in given.items()}
    [said] = basket_reasons(replace(frame, columns=columns), np.asarray([0]))
    assert [one for one in said if one][: len(sentences)] == sentences
    assert len(said) == 3
