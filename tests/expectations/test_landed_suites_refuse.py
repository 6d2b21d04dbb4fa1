"""A check that cannot fail is a defect: each suite of what lands refuses every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nightmarket.quality.outcomes import FAILED, WARNED

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of, suites_of

SUITES = suites_of("landed")

_LAST_DAY = "update raw.campaigns set end_date = '2024-06-01' where campaign_id = 'a1'"
"""The night can still decide on one campaign; without this, all are over."""

STOPS: list[Sample] = [
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
        "update raw.campaigns set start_date = '2024-06-01', end_date = '2020-01-01' where campaign_id = 'a1'",
        "still to start that ends before it does",
    ),
    ("landed__campaign_products", "delete from raw.campaign_products", "at least one row"),
    ("landed__campaign_contacts", "update raw.campaign_contacts set contact_date = '1970-01-01'", "before 1990"),
    (
        "landed__campaign_responses",
        "update raw.campaign_responses set response_date = '2025-01-01'",
        "after the last complete day",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set holdout_pct = 0",
        "holdout above 0 and below",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set holdout_pct = 100",
        "holdout above 0 and below",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set margin_pct = 0",
        "margin above 0 and up to",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set margin_pct = 3000",
        "margin above 0 and up to",
    ),
    (
        "landed__promotions",
        "update raw.promotions set end_date = '2024-05-01' where product_id = 'p7'",
        "ends before it starts",
    ),
    (
        "landed__holidays",
        "insert into raw.holidays select d, d, 'fair', null, null from range(date '2024-02-01', date '2024-06-01', "
        "interval 1 day) as t(d)",
        "60 days of one kind",
    ),
    ("landed__inventory", "update raw.inventory set stock_date = '2025-01-01'", "after the last complete day"),
    ("landed__fx_rates", "update raw.fx_rates set rate = 0 where rate_date = '2024-01-03'", "`rate` above 0"),
    ("landed__fx_rates", "update raw.fx_rates set currency = 'Euro'", "three letters"),
]
"""Suite, what goes wrong, and words of the expectation that must stop the night for it."""

WARNINGS: list[Sample] = [
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
    (
        "landed__campaign_plans",
        "update raw.campaign_plans set campaign_id = 'b' || campaign_id",
        "campaigns that are known",
    ),
    ("landed__campaign_plans", "update raw.campaign_plans set budget_amount = 0.49", "pay at least one contact"),
    ("landed__campaign_plans", "delete from raw.campaign_products where campaign_id = 'a1'", "say what they offer"),
    (
        "landed__campaign_products",
        "update raw.campaigns set end_date = '2024-06-01' where campaign_id = 'a1';"
        "update raw.campaign_products set product_id = 'NOPE' where campaign_id = 'a1'",
        "a product of the catalogue in every campaign",
    ),
    ("landed__campaigns", "update raw.campaigns set end_date = '2020-01-01'", "no campaign that ends before it starts"),
    ("landed__campaign_plans", "update raw.campaign_plans set holdout_pct = 0", "percentage that could be used"),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set margin_pct = 3000 where campaign_id <> 'a1'",
        "percentage that could be used",
    ),
    (
        "landed__campaign_plans",
        "update raw.campaign_plans set campaign_id = 'b' || campaign_id, holdout_pct = 100",
        "percentage that could be used",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set holdout_pct = 0.1",
        "holdout between 0 and 1",
    ),
    (
        "landed__campaign_plans",
        f"{_LAST_DAY}; update raw.campaign_plans set margin_pct = 0.35",
        "margin between 0 and 1",
    ),
    ("landed__holidays", "delete from raw.holidays where holiday_date > '2024-05-01'", "still to come"),
    ("landed__promotions", "update raw.promotions set end_date = '2030-01-01'", "longer than 92 days"),
    (
        "landed__inventory",
        "update raw.inventory set on_hand_quantity = -2 where product_id = 'p3'",
        "with a number below 0",
    ),
    (
        "landed__inventory",
        "update raw.inventory set on_order_quantity = -2, pack_size = null where product_id = 'p3'",
        "with a number below 0",
    ),
    ("landed__reviews", "update raw.reviews set rating = 87", "from 0 to 10"),
]


def test_the_corrupted_samples_cover_every_suite() -> None:
    assert sorted({name for name, _, _ in STOPS}) == SUITES


@pytest.mark.parametrize("name", SUITES)
def test_the_valid_sample_passes(name: str, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_valid(shop, suite_called(name))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(sample: Sample, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_stops(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNINGS, ids=id_of)
def test_a_doubtful_sample_warns_and_does_not_stop(sample: Sample, shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_warns(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize(
    "doubt",
    [
        "update raw.campaign_products set product_id = 'NOPE' where campaign_id = 'a1' and coupon_id <> 'x1'",
        "delete from raw.campaign_products where campaign_id = 'a1'",
    ],
    ids=["one of several", "offers nothing"],
)
def test_a_campaign_that_offers_one_known_product_or_none_at_all_raises_no_warning(
    doubt: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt("update raw.campaigns set end_date = '2024-06-01'")
    shop.corrupt(doubt)
    words = "a product of the catalogue in every campaign that is not over"
    outcome = shop.check(suite_called("landed__campaign_products"))
    assert [one.status for one in outcome.outcomes if one.expects == words] == ["passed"]


@pytest.mark.parametrize(
    ("suite", "bad", "mended"),
    [
        ("landed__campaign_plans", "set holdout_pct = 0, margin_pct = 0", "set holdout_pct = null, margin_pct = 30"),
        ("landed__campaigns", "set start_date = '2024-06-09'", "set end_date = '2024-06-20'"),
    ],
)
def test_a_row_that_was_mended_stops_no_night(
    suite: str, bad: str, mended: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    table = f"raw.{suite.removeprefix('landed__')}"
    shop.corrupt(
        f"{_LAST_DAY}; update {table} {bad} where campaign_id = 'a1'; "
        f"create table later as from {table} where campaign_id = 'a1'; "
        f"update later {mended}, arrived_at = '2024-05-31 12:00:00', arrived_date = '2024-05-31'; "
        f"insert into {table} from later"
    )
    assert_valid(shop, suite_called(suite))


@pytest.mark.parametrize("name", SUITES)
def test_an_empty_batch_of_a_provided_table_stops_the_night(
    name: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(f"delete from raw.{name.removeprefix('landed__')}")
    outcome = shop.check(suite_called(name))
    assert outcome.status == FAILED
    assert outcome.outcomes[0].expects == "at least one row"
    assert outcome.outcomes[0].observed == "0"


@pytest.mark.parametrize("name", SUITES)
def test_files_that_disagree_with_the_manifest_or_the_night_before_are_seen(
    name: str, shop: Any, suite_called: Callable[..., Any]
) -> None:
    outcome = shop.check(suite_called(name), rows_accepted=1_000_000, rows_quarantined=900_000, previous_rows=1)
    assert "as many rows as the manifest of the snapshot says" in {one.expects for one in outcome.with_status(FAILED)}
    warned = " | ".join(one.expects for one in outcome.with_status(WARNED))
    assert "quarantined" in warned
    assert "twice the rows of the night before" in warned
