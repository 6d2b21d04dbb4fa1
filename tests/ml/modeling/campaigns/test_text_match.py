"""How campaigns read to customers, each at its own cut."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.modeling.campaigns.text_match import fit_text_space, text_columns
from nightmarket.modeling.frames import Frame
from nightmarket.text.profiles import Projection

SPRING, SUMMER = date(2017, 3, 1), date(2017, 6, 1)
TEA, MILK, SOAP = 0, 1, 2
HASHES = pa.array(["milk", "soap", "tea"])
VECTORS = np.asarray([[0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float32)
BOUGHT = {  # what each customer had bought before each cut, by text and weight
    SPRING: {"ann": {"tea": 2.0}, "bob": {}},
    SUMMER: {"ann": {"tea": 1.0, "milk": 1.0}, "bob": {"soap": 3.0}},
}
COUPONS = {
    SPRING: [("spring", "x", "tea"), ("spring", "y", "soap")],
    SUMMER: [("summer", "x", "tea"), ("summer", "x", "milk")],
}


class Shop:
    """A shop in memory; only what campaigns read of it."""

    def text_vectors(self) -> tuple[pa.Array, np.ndarray]:
        return HASHES, VECTORS

    def coupon_texts(self, cut: date) -> pa.Table:
        campaigns, coupons, texts = zip(*COUPONS[cut], strict=True)
        return pa.table({"campaign_id": campaigns, "coupon_id": coupons, "text_hash": texts})

    def bought_texts(self, customers: pa.Array, cut: date) -> pa.Table:
        rows = [
            (i, HASHES.to_pylist().index(text), weight)
            for i, one in enumerate(customers.to_pylist())
            for text, weight in BOUGHT[cut][one].items()
        ]
        customer, text, weight = zip(*rows, strict=True) if rows else ((), (), ())
        return pa.table(
            {
                "customer": pa.array(customer, pa.int32()),
                "text": pa.array(text, pa.int32()),
                "weight": pa.array(weight, pa.float64()),
            }
        )


def _frame() -> Frame:
    cuts = [(cut - date(1970, 1, 1)).days for cut in (SPRING, SUMMER, SPRING, SUMMER)]
    return Frame(
        date(2017, 7, 1),
        np.asarray(["ann", "bob"], object),
        np.asarray(["spring", "summer"], object),
        np.asarray([0, 0, 1, 1], np.int32),
        np.asarray([0, 1, 0, 1], np.int32),
        {"cut_date": np.asarray(cuts, np.float32)},
    )


IDENTITY = Projection(np.zeros(3), np.eye(3))


def test_a_campaign_is_compared_with_what_had_been_bought_before_it() -> None:
    found = text_columns(_frame(), Shop(), IDENTITY, "cut_date")
    # Ann, spring: tea is one of two coupons. Summer: the coupon reads like half tea, half milk, and so does she.
    assert found["text__coupon_best"] == pytest.approx([1, 1, np.nan, 0], nan_ok=True)
    assert found["text__coupon_mean"] == pytest.approx([0.5, 1, np.nan, 0], nan_ok=True)
    assert found["text__coupon_top5"] == pytest.approx([0.5, 1, np.nan, 0], nan_ok=True)


def test_a_campaign_without_products_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COUPONS, SPRING, [("another", "x", "tea")])
    found = text_columns(_frame(), Shop(), IDENTITY, "cut_date")
    assert np.isnan(found["text__coupon_mean"]).tolist() == [True, False, True, False]


def test_the_space_is_that_of_what_had_been_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    space = fit_text_space(_frame(), Shop(), "cut_date")
    assert space.mean == pytest.approx([3 / 7, 1 / 7, 3 / 7])  # tea weighs 3, milk 1, soap 3
    for cut in (SPRING, SUMMER):
        monkeypatch.setitem(BOUGHT, cut, {"ann": {}, "bob": {}})
    empty = fit_text_space(_frame(), Shop(), "cut_date")
    assert np.isnan(text_columns(_frame(), Shop(), empty, "cut_date")["text__coupon_mean"]).all()
