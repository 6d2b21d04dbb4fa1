"""A check that cannot fail is a defect: the suite of next_basket refuses every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of

SUITE = "scores__next_basket"
SCORES = {"rank": "n", "probability": "0.4 - 0.03 * n - 0.001 * c", "is_repeat": "n <= 3"}
"""SQL of the valid sample: c numbers the customer, k the product, n the row among its customer's."""

STOPS: list[Sample] = [
    (SUITE, "delete from staged where customer_id = 'c4'", "as many rows as `score` recorded"),
    (SUITE, "update staged set customer_id = null where customer_id = 'c4'", "customer_id"),
    (SUITE, "update staged set product_id = null where customer_id = 'c4' and rank = 4", "product_id"),
    (SUITE, "update staged set product_id = 'k1' where customer_id = 'c4'", "one row per customer and product"),
    (SUITE, "update staged set probability = 'nan' where customer_id = 'c4'", "every probability known"),
    (SUITE, "update staged set probability = 1.1 where customer_id = 'c4'", "every probability known"),
    (SUITE, "update staged set probability = 0.5", "more than one probability"),
    (SUITE, "update staged set rank = 5 where customer_id = 'c4' and rank = 4", "ranks from 1 on"),
    (SUITE, "update staged set rank = 1 where customer_id = 'c4' and rank = 2", "ranks from 1 on"),
    (SUITE, "update staged set rank = null where customer_id = 'c4'", "ranks from 1 on"),
    (SUITE, "update staged set rank = 5 - rank where customer_id = 'c4'", "ranks that follow the probability"),
    (
        SUITE,
        "update staged set probability = 0.5, rank = 5 - rank where customer_id = 'c4'",
        "and the product_id where it is equal",
    ),
    (
        SUITE,
        "insert into staged select * exclude (i) replace ('more' || i as product_id) from staged, range(30) as t(i)",
        "at most the family's number of products",
    ),
    (SUITE, "update staged set is_repeat = null where customer_id = 'c4'", "is_repeat"),
    (SUITE, "update staged set as_of_date = '2024-05-31' where customer_id = 'c4'", "the night's `as_of_date` alone"),
    (SUITE, "update staged set horizon_days = 56", "the family's `horizon_days` alone"),
    (SUITE, "update staged set model_version = 'next_basket/2/lambdarank'", "the `model_version`"),
    (SUITE, "update staged set run_id = 'another' where customer_id = 'c4'", "the `run_id`"),
    (SUITE, "update staged set reason_1 = null, reason_2 = null where customer_id = 'c4'", "a first reason"),
    (SUITE, "update staged set reason_1 = null where rank = 4", "no second reason without a first"),
]

WARNS: list[Sample] = [
    (SUITE, "update staged set is_repeat = false", "something that was bought before"),
    (SUITE, "update staged set probability = 0.9 - 0.01 * rank", "population stability index"),
    (SUITE, "delete from previous where customer_id > 'c10'", "between half and twice the customers' rows"),
]


def test_the_valid_sample_passes(shop_of: Callable[[str], Any], suite_called: Callable[..., Any]) -> None:
    assert_valid(shop_of("next_basket"), suite_called(SUITE))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(
    sample: Sample, shop_of: Callable[[str], Any], suite_called: Callable[..., Any]
) -> None:
    assert_stops(shop_of("next_basket"), suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNS, ids=id_of)
def test_a_suspicious_sample_warns(
    sample: Sample, shop_of: Callable[[str], Any], suite_called: Callable[..., Any]
) -> None:
    assert_warns(shop_of("next_basket"), suite_called(sample[0]), sample)


def test_a_model_that_missed_two_windows_is_a_warning(
    shop_of: Callable[[str], Any], suite_called: Callable[..., Any]
) -> None:
    outcome = shop_of("next_basket").check(suite_called(SUITE), model_age_days=57)
    assert [one.expects for one in outcome.with_status("warned")] == [
        "a model whose labels end at most 56 days before the night"
    ]
