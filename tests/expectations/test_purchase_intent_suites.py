"""A check that cannot fail is a defect: the suites of purchase_intent refuse every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nightmarket.quality.outcomes import FAILED, WARNED
from nightmarket.report.sections import OLD_MODEL_DAYS

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of

VIEW = "features.ftr_purchase_intent"
FEATURES = {
    "customer__days_since_last_order": "1 + c % 5",
    "customer__days_since_first_order": "20 + c",
    "pair__days_since_last_order": "case when k > 0 then 1 + c % 9 end",
    "pair__days_since_first_order": "case when k > 0 then 20 end",
    "pair__n_orders": "case when k > 0 then 2 else 0 end",
    "pair__has_active_campaign": "c % 2",
    "customer__has_demographics": "1",
}
"""SQL of the valid sample where it is not 3 (.5 for a share): c numbers the customer, k the category."""

STOPS: list[Sample] = [
    ("features__purchase_intent", f"delete from {VIEW} where as_of_date = '2024-06-01'", "rows for the night"),
    (
        "features__purchase_intent",
        f"update {VIEW} set customer__order_trend = 'nan' where customer_id = 'c3'",
        "no NaN",
    ),
    (
        "features__purchase_intent",
        f"update {VIEW} set category__trend = '-infinity' where category_id = 'k3'",
        "no infinity",
    ),
    (
        "features__purchase_intent",
        f"insert into {VIEW} from {VIEW} limit 1",
        "one row per customer and category",
    ),
    (
        "features__purchase_intent",
        f"delete from {VIEW} where category_id <> 'k1'",
        "two customers and two categories",
    ),
    (
        "features__purchase_intent",
        f"delete from {VIEW} where customer_id = 'c1' and category_id = 'k1'",
        "every eligible customer with every",
    ),
    (
        "features__purchase_intent",
        f"update {VIEW} set customer__days_since_last_order = 0 where customer_id = 'c1'",
        "from 1 to 56",
    ),
    (
        "features__purchase_intent",
        f"update {VIEW} set pair__days_since_last_order = 0 "
        "where as_of_date < '2024-06-01' and customer_id = 'c1' and category_id = 'k1'",
        "`pair__days_since_last_order` from 1",
    ),
    (
        "features__purchase_intent",
        f"update {VIEW} set customer__days_since_first_order = 140 where as_of_date < '2024-06-01'",
        "no recency longer than the history",
    ),
    (
        "features__purchase_intent",
        f"update {VIEW} set pair__share_of_orders = 1.5 where customer_id = 'c1'",
        "pair__share_of_orders",
    ),
    ("features__purchase_intent", f"update {VIEW} set pair__days_since_last_order = null", "a recency for exactly"),
    ("features__purchase_intent", f"alter table {VIEW} drop column pair__n_orders_28d", "exactly the 54 columns"),
    (
        "features__purchase_intent",
        f"alter table {VIEW} alter pair__n_orders_28d type varchar",
        "exactly the 54 columns",
    ),
    ("scores__purchase_intent", "delete from staged where customer_id = 'c1'", "as many rows as `score` recorded"),
    ("scores__purchase_intent", "update staged set customer_id = null where category_id = 'k1'", "customer_id"),
    (
        "scores__purchase_intent",
        "update staged set category_id = 'k1' where category_id = 'k2'",
        "one row per customer and category",
    ),
    (
        "scores__purchase_intent",
        "update staged set probability = 'nan' where customer_id = 'c1'",
        "every probability known",
    ),
    (
        "scores__purchase_intent",
        "update staged set probability = null where customer_id = 'c1'",
        "every probability known",
    ),
    (
        "scores__purchase_intent",
        "update staged set probability = 1.2 where customer_id = 'c1'",
        "every probability known",
    ),
    ("scores__purchase_intent", "update staged set probability = 0.2", "more than one probability"),
    (
        "scores__purchase_intent",
        "update staged set as_of_date = '2024-05-31' where customer_id = 'c1'",
        "`as_of_date` alone",
    ),
    ("scores__purchase_intent", "update staged set horizon_days = 7 where customer_id = 'c1'", "`horizon_days` alone"),
    (
        "scores__purchase_intent",
        "update staged set model_version = 'purchase_intent/1/lightgbm' where customer_id = 'c1'",
        "model_version",
    ),
    ("scores__purchase_intent", "update staged set run_id = 'x' where customer_id = 'c1'", "run_id"),
    (
        "scores__purchase_intent",
        "update staged set reason_1 = null, reason_2 = null where customer_id = 'c1'",
        "a first reason",
    ),
    (
        "scores__purchase_intent",
        "update staged set reason_1 = null where customer_id = 'c1'",
        "no second reason without",
    ),
    (
        "scores__purchase_intent",
        "update staged set customer_id = 'stranger' where customer_id = 'c1'",
        "exactly the customers",
    ),
    (
        "scores__purchase_intent",
        "update staged set category_id = 'k9' where category_id = 'k1' and customer_id = 'c1'",
        "every category of every customer",
    ),
    (
        "scores__purchase_intent",
        "create or replace table staged as select category_id, * exclude (category_id) from staged",
        "in their order",
    ),
    ("scores__purchase_intent", "delete from staged", "at least one row"),
]
"""Suite, what goes wrong, and words of the expectation that must stop the night for it."""

WARNINGS: list[Sample] = [
    ("features__purchase_intent", "delete from labels.lbl_purchase_intent", "positive at every training origin"),
    ("features__purchase_intent", f"update {VIEW} set pair__discount_pct_84d = -4", "pair__discount_pct_84d"),
    (
        "features__purchase_intent",
        f"delete from {VIEW} where as_of_date <> '2024-06-01'",
        "rows for every training",
    ),
    (
        "scores__purchase_intent",
        "update staged set probability = probability / 10",
        "half and twice the share of positives",
    ),
    ("scores__purchase_intent", "update staged set probability = 0.9 + probability / 10", "population stability"),
]


@pytest.mark.parametrize("name", ["features__purchase_intent", "scores__purchase_intent"])
def test_the_valid_sample_passes(name: str, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_valid(shop, suite_called(name))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(sample: Sample, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_stops(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNINGS, ids=id_of)
def test_a_doubtful_sample_warns_and_does_not_stop(sample: Sample, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_warns(shop, suite_called(sample[0]), sample)


def test_published_categories_per_customer_are_bounded_where_asked(shop: Any, suite_called: Callable[..., Any]) -> None:
    outcome = shop.check(suite_called("scores__purchase_intent"), top_k_categories=3, all_categories=None)
    assert [one.expects for one in outcome.with_status(FAILED)] == [
        "at most the asked number of categories per customer"
    ]


def test_a_model_that_has_grown_old_is_doubtful(shop: Any, suite_called: Callable[..., Any]) -> None:
    outcome = shop.check(suite_called("scores__purchase_intent"), model_age_days=OLD_MODEL_DAYS + 1)
    assert [one.expects for one in outcome.with_status(WARNED)] == [
        f"a model whose labels end at most {OLD_MODEL_DAYS} days before the night"
    ]


def test_a_night_that_shrinks_to_less_than_half_is_doubtful(shop: Any, suite_called: Callable[..., Any]) -> None:
    shop.corrupt("insert into previous from previous")
    shop.corrupt("insert into previous from previous")
    outcome = shop.check(suite_called("scores__purchase_intent"))
    assert [one.expects for one in outcome.with_status(WARNED)] == [
        "between half and twice the customers' rows of the night before"
    ]
