"""A check that cannot fail is a defect: the suites of campaign_response refuse every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of

VIEW = "features.ftr_campaign_response"
FEATURES_SUITE, SCORES_SUITE = "features__campaign_response", "scores__campaign_response"
FEATURES = {
    "cut_date": "date '2024-05-10'",
    "end_date": "date '2024-06-10'",
    "is_open": "true",
    "days_to_end": "10",
}
"""SQL of the valid sample where it is not 3 (.5 for a share)."""
SCORES = {"horizon_days": "10"}

STOPS: list[Sample] = [
    (FEATURES_SUITE, f"insert into {VIEW} select * replace (date '2024-05-04' as as_of_date) from {VIEW}", "no other"),
    (FEATURES_SUITE, f"update {VIEW} set match__line_share = 'nan' where customer_id = 'c3'", "no NaN"),
    (FEATURES_SUITE, f"insert into {VIEW} from {VIEW} limit 1", "one row per customer and campaign"),
    (FEATURES_SUITE, f"update {VIEW} set cut_date = '2024-06-02'", "no cut after the night"),
    (FEATURES_SUITE, f"update {VIEW} set cut_date = '2024-05-31', end_date = '2024-05-30'", "on or before the last"),
    (FEATURES_SUITE, f"update {VIEW} set is_open = false where campaign_id = 'k1'", "exactly where a campaign is not"),
    (FEATURES_SUITE, f"update {VIEW} set days_to_end = 0 where campaign_id = 'k1'", "exactly where a campaign is not"),
    (FEATURES_SUITE, f"update {VIEW} set cut_date = '2024-05-11' where customer_id = 'c1'", "one cut per campaign"),
    (FEATURES_SUITE, f"update {VIEW} set customer__days_since_last_order = 0", "`customer__days_since_last_order`"),
    (FEATURES_SUITE, f"update {VIEW} set response__days_since_last_response = 0", "`response__days_since_last"),
    (FEATURES_SUITE, f"update {VIEW} set match__days_since_last_order = 0", "`match__days_since_last_order`"),
    (FEATURES_SUITE, f"update {VIEW} set match__n_lines_28d = 9 where customer_id = 'c1'", "a shorter window"),
    (FEATURES_SUITE, f"update {VIEW} set response__response_share = 1.5 where customer_id = 'c1'", "shares from 0"),
    (FEATURES_SUITE, f"alter table {VIEW} drop column match__n_same_coupons", "exactly the"),
    (SCORES_SUITE, "delete from staged where customer_id = 'c1'", "as many rows as `score` recorded"),
    (SCORES_SUITE, "update staged set customer_id = null where customer_id = 'c1'", "customer_id"),
    (SCORES_SUITE, "update staged set campaign_id = null where customer_id = 'c1'", "campaign_id"),
    (
        SCORES_SUITE,
        "update staged set campaign_id = 'k1' where customer_id = 'c1'",
        "one row per customer and campaign",
    ),
    (SCORES_SUITE, "update staged set probability = 'nan' where customer_id = 'c1'", "every probability known"),
    (SCORES_SUITE, "update staged set probability = 0.2", "more than one probability"),
    (SCORES_SUITE, "update staged set as_of_date = '2024-05-31' where customer_id = 'c1'", "`as_of_date` alone"),
    (SCORES_SUITE, "update staged set horizon_days = 28 where campaign_id = 'k1'", "one horizon of at least a day"),
    (SCORES_SUITE, "update staged set horizon_days = 0 where campaign_id = 'k1'", "one horizon of at least a day"),
    (SCORES_SUITE, "update staged set model_version = 'x' where customer_id = 'c1'", "model_version"),
    (SCORES_SUITE, "update staged set run_id = 'x' where customer_id = 'c1'", "run_id"),
    (SCORES_SUITE, "update staged set reason_1 = null, reason_2 = null where customer_id = 'c1'", "a first reason"),
    (SCORES_SUITE, "update staged set reason_1 = null where customer_id = 'c1'", "no second reason without"),
    (SCORES_SUITE, "update staged set customer_id = 'stranger' where customer_id = 'c1'", "exactly the customers"),
]
"""Suite, what goes wrong, and words of the expectation that must stop the night for it."""

WARNINGS: list[Sample] = [
    (FEATURES_SUITE, f"update {VIEW} set customer__discount_share = -0.4", "discounts from 0"),
    (FEATURES_SUITE, f"update {VIEW} set campaign__n_products = 0 where campaign_id = 'k1'", "products for every"),
    (
        FEATURES_SUITE,
        "update labels.lbl_campaign_response set as_of_date = '2024-06-01', has_responded = 0",
        "some who answered",
    ),
    (SCORES_SUITE, "update staged set probability = 0.5 + probability / 2", "a mean probability between"),
    (SCORES_SUITE, "insert into previous from previous; insert into previous from previous", "half and twice the rows"),
]


@pytest.fixture
def campaign_shop(shop_of: Callable[[str], Any]) -> Any:
    """Give the tiny shop with the valid features and scores of campaign_response: four campaigns, all open."""
    shop = shop_of("campaign_response")
    shop.corrupt(f"delete from {VIEW} where as_of_date <> '2024-06-01'")
    return shop


@pytest.mark.parametrize("name", [FEATURES_SUITE, SCORES_SUITE])
def test_the_valid_sample_passes(name: str, campaign_shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_valid(campaign_shop, suite_called(name))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(
    sample: Sample, campaign_shop: Any, suite_called: Callable[..., Any]
) -> None:
    assert_stops(campaign_shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNINGS, ids=id_of)
def test_a_doubtful_sample_warns_and_does_not_stop(
    sample: Sample, campaign_shop: Any, suite_called: Callable[..., Any]
) -> None:
    assert_warns(campaign_shop, suite_called(sample[0]), sample)


def test_a_shop_without_campaigns_is_reported_as_not_provided_and_not_as_passed(
    campaign_shop: Any, suite_called: Callable[..., Any]
) -> None:
    campaign_shop.corrupt(f"delete from {VIEW}")
    found = campaign_shop.check(suite_called(FEATURES_SUITE))
    assert (found.status, found.outcomes) == ("not provided", ())
