"""A check that cannot fail is a defect: each suite has corrupted samples, and refuses every one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightmarket.quality.outcomes import FAILED, NOT_APPLICABLE, PASSED, WARNED
from nightmarket.report.content import OLD_MODEL_DAYS

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
SUITES = sorted(path.stem for path in EXPECTATIONS.glob("*.yaml"))

FEATURES = "features.ftr_purchase_intent"
STOPS = [
    ("landed__customers", "update raw.customers set customer_id = ''", "1 to 200 letters"),
    ("landed__products", "update raw.products set category_id = 'k'", "at least two categories"),
    ("landed__products", "update raw.products set category_id = null where product_id > 'p2'", "half of the products"),
    ("landed__order_lines", "update raw.order_lines set order_date = '1970-01-01'", "before 1990"),
    (
        "landed__order_lines",
        "update raw.order_lines set order_date = '2024-06-08' where order_line_id = 'l1'",
        "after the last complete day",
    ),
    (
        "landed__order_lines",
        "delete from raw.order_lines where order_date between '2024-04-01' and '2024-05-30';"
        "update raw.order_lines set order_date = '2024-06-01' where order_date = '2024-05-31'",
        "28 days before",
    ),
    ("landed__order_lines", "delete from raw.order_lines where order_date > '2024-04-01'", "28 days before"),
    ("landed__order_lines", "update raw.order_lines set customer_id = 'c1'", "two customers"),
    ("landed__order_lines", "update raw.order_lines set sales_amount = -sales_amount", "positive sum"),
    (
        "landed__order_lines",
        "update raw.order_lines set product_id = 'x' where order_line_id > 'l5'",
        "95 % of rows with a product",
    ),
    (
        "landed__order_lines",
        "update raw.order_lines set ordered_at = ordered_at - interval 13 hours where order_line_id = 'l3'",
        "shop-local date",
    ),
    ("landed__order_lines", "alter table raw.order_lines alter sales_amount type double", "exactly the 15 columns"),
    ("landed__order_lines", "alter table raw.order_lines drop column currency", "exactly the 15 columns"),
    (
        "landed__events",
        "update raw.events set event_date = '2030-01-01' where event_id = 'e1'",
        "after the last complete day",
    ),
    ("landed__events", "update raw.events set occurred_at = occurred_at + interval 12 hours", "shop-local date"),
    ("landed__reviews", "update raw.reviews set review_date = '1970-01-01' where review_id = 'r1'", "before 1990"),
    (
        "landed__campaigns",
        "update raw.campaigns set end_date = '2020-01-01' where campaign_id = 'a1'",
        "ends before it starts",
    ),
    ("landed__campaign_products", "delete from raw.campaign_products", "at least one row"),
    ("landed__campaign_contacts", "update raw.campaign_contacts set contact_date = '1970-01-01'", "before 1990"),
    (
        "landed__campaign_responses",
        "update raw.campaign_responses set response_date = '2025-01-01'",
        "after the last complete day",
    ),
    (
        "landed__promotions",
        "update raw.promotions set end_date = '2024-05-01' where product_id = 'p7'",
        "ends before it starts",
    ),
    ("landed__inventory", "update raw.inventory set stock_date = '2025-01-01'", "after the last complete day"),
    ("landed__fx_rates", "update raw.fx_rates set rate = 0 where rate_date = '2024-01-03'", "`rate` above 0"),
    ("landed__fx_rates", "update raw.fx_rates set currency = 'Euro'", "three letters"),
    ("features__purchase_intent", f"delete from {FEATURES} where as_of_date = '2024-06-01'", "rows for the night"),
    (
        "features__purchase_intent",
        f"update {FEATURES} set customer__order_trend = 'nan' where customer_id = 'c3'",
        "no NaN",
    ),
    (
        "features__purchase_intent",
        f"update {FEATURES} set category__trend = '-infinity' where category_id = 'k3'",
        "no infinity",
    ),
    (
        "features__purchase_intent",
        f"insert into {FEATURES} from {FEATURES} limit 1",
        "one row per customer and category",
    ),
    (
        "features__purchase_intent",
        f"delete from {FEATURES} where category_id <> 'k1'",
        "two customers and two categories",
    ),
    (
        "features__purchase_intent",
        f"delete from {FEATURES} where customer_id = 'c1' and category_id = 'k1'",
        "every eligible customer with every",
    ),
    (
        "features__purchase_intent",
        f"update {FEATURES} set customer__days_since_last_order = 0 where customer_id = 'c1'",
        "from 1 to 56",
    ),
    (
        "features__purchase_intent",
        f"update {FEATURES} set pair__days_since_last_order = 0 "
        "where as_of_date < '2024-06-01' and customer_id = 'c1' and category_id = 'k1'",
        "`pair__days_since_last_order` from 1",
    ),
    (
        "features__purchase_intent",
        f"update {FEATURES} set customer__days_since_first_order = 140 where as_of_date < '2024-06-01'",
        "no recency longer than the history",
    ),
    (
        "features__purchase_intent",
        f"update {FEATURES} set pair__share_of_orders = 1.5 where customer_id = 'c1'",
        "pair__share_of_orders",
    ),
    ("features__purchase_intent", f"update {FEATURES} set pair__days_since_last_order = null", "a recency for exactly"),
    ("features__purchase_intent", f"alter table {FEATURES} drop column pair__n_orders_28d", "exactly the 54 columns"),
    (
        "features__purchase_intent",
        f"alter table {FEATURES} alter pair__n_orders_28d type varchar",
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

WARNINGS = [
    ("landed__order_lines", "delete from raw.order_lines where order_date > '2024-05-20'", "3 days before"),
    (
        "landed__order_lines",
        "update raw.order_lines set sales_amount = -0.01 where order_line_id > 'l3'",
        "`sales_amount` not negative",
    ),
    ("landed__order_lines", "update raw.order_lines set quantity = -1 where order_line_id > 'l3'", "negative units"),
    ("landed__order_lines", "update raw.order_lines set is_cancelled = true", "half of the lines cancelled"),
    (
        "landed__order_lines",
        "update raw.order_lines set ordered_at = order_date + interval 6 hours",
        "between midnight and 5",
    ),
    (
        "landed__order_lines",
        "update raw.order_lines set arrived_date = '2023-01-01' where order_line_id = 'l1'",
        "before it was ordered",
    ),
    ("landed__products", "update raw.products set product_name = null where product_id > 'p2'", "with a name"),
    (
        "landed__products",
        "update raw.products set category_name = 'Other' where product_id = 'p1'",
        "one name per category",
    ),
    ("landed__customers", "update raw.customers set customer_id = 'd' || customer_id", "half of the buyers"),
    ("landed__promotions", "update raw.promotions set end_date = '2030-01-01'", "longer than 92 days"),
    ("landed__reviews", "update raw.reviews set rating = 87", "from 0 to 10"),
    ("features__purchase_intent", "delete from labels.lbl_purchase_intent", "positive at every training origin"),
    ("features__purchase_intent", f"update {FEATURES} set pair__discount_pct_84d = -4", "pair__discount_pct_84d"),
    (
        "scores__purchase_intent",
        "update staged set probability = probability / 10",
        "half and twice the share of positives",
    ),
    (
        "features__purchase_intent",
        f"delete from {FEATURES} where as_of_date <> '2024-06-01'",
        "rows for every training",
    ),
    ("scores__purchase_intent", "update staged set probability = 0.9 + probability / 10", "population stability"),
]


def test_the_corrupted_samples_cover_every_suite() -> None:
    assert sorted({name for name, _, _ in STOPS}) == SUITES


@pytest.mark.parametrize("name", SUITES)
def test_the_valid_sample_passes_every_suite(name: str, shop: Any, suite_called: Callable[..., Any]) -> None:
    outcome = shop.check(suite_called(name))
    assert [one for one in outcome.outcomes if one.status not in (PASSED, NOT_APPLICABLE)] == []


@pytest.mark.parametrize(("name", "damage", "words"), STOPS, ids=[f"{n}-{w}" for n, _, w in STOPS])
def test_a_corrupted_sample_stops_the_night(
    name: str, damage: str, words: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(damage)
    outcome = shop.check(suite_called(name))
    assert outcome.status == FAILED
    assert words in " | ".join(one.expects for one in outcome.with_status(FAILED))


@pytest.mark.parametrize(("name", "damage", "words"), WARNINGS, ids=[f"{n}-{w}" for n, _, w in WARNINGS])
def test_a_doubtful_sample_warns_and_does_not_stop(
    name: str, damage: str, words: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(damage)
    outcome = shop.check(suite_called(name))
    assert outcome.status == WARNED
    assert words in " | ".join(one.expects for one in outcome.with_status(WARNED))


@pytest.mark.parametrize("name", [name for name in SUITES if name.startswith("landed__")])
def test_an_empty_batch_of_a_provided_table_stops_the_night(
    name: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(f"delete from raw.{name.removeprefix('landed__')}")
    outcome = shop.check(suite_called(name))
    assert outcome.status == FAILED
    assert outcome.outcomes[0].expects == "at least one row"
    assert outcome.outcomes[0].observed == "0"


@pytest.mark.parametrize("name", [name for name in SUITES if name.startswith("landed__")])
def test_files_that_disagree_with_the_manifest_or_the_night_before_are_seen(
    name: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    outcome = shop.check(suite_called(name), rows_accepted=1_000_000, rows_quarantined=900_000, previous_rows=1)
    assert "as many rows as the manifest of the snapshot says" in {one.expects for one in outcome.with_status(FAILED)}
    warned = " | ".join(one.expects for one in outcome.with_status(WARNED))
    assert "quarantined" in warned
    assert "twice the rows of the night before" in warned


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
