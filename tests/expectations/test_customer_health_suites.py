"""A check that cannot fail is a defect: the suites of customer_health refuse every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of

VIEW = "features.ftr_customer_health"
FEATURES_SUITE, SCORES_SUITE = "features__customer_health", "scores__customer_health"
FEATURES = {
    "customer__days_since_last_order": "1 + c % 5",
    "customer__days_since_first_order": "20 + c",
    "customer__has_demographics": "1",
    "health__n_intervals": "case when c > 0 then 3 else 0 end",
    **dict.fromkeys(
        (
            "health__median_interval_days",
            "health__p90_interval_days",
            "health__max_interval_days",
            "health__last_interval_days",
        ),
        "case when c > 0 then 3 end",
    ),
}
"""SQL of the valid sample where it is not 3 (.5 for a share): c numbers the customer."""

STOPS: list[Sample] = [
    (FEATURES_SUITE, f"delete from {VIEW} where as_of_date = '2024-06-01'", "rows for the night"),
    (FEATURES_SUITE, f"update {VIEW} set health__visits_slope = 'nan' where customer_id = 'c3'", "no NaN"),
    (FEATURES_SUITE, f"insert into {VIEW} from {VIEW} limit 1", "one row per customer"),
    (FEATURES_SUITE, f"delete from {VIEW} where customer_id <> 'c1'", "two customers"),
    (FEATURES_SUITE, f"update {VIEW} set customer__days_since_last_order = 0", "from 1 to 56"),
    (FEATURES_SUITE, f"update {VIEW} set health__n_visits_168d = 0 where customer_id = 'c1'", "health__n_visits_168d"),
    (FEATURES_SUITE, f"update {VIEW} set health__n_visits_7d = 9 where customer_id = 'c1'", "shorter window"),
    (FEATURES_SUITE, f"update {VIEW} set health__last_interval_days = 0", "`health__last_interval_days` from 1"),
    (FEATURES_SUITE, f"update {VIEW} set health__median_interval_days = null", "an interval for exactly"),
    (FEATURES_SUITE, f"update {VIEW} set health__n_active_weeks_4w = 5", "health__n_active_weeks_4w"),
    (FEATURES_SUITE, f"update {VIEW} set health__drop_share = 1.5", "health__drop_share"),
    (
        FEATURES_SUITE,
        f"update {VIEW} set health__max_interval_days = 140 where as_of_date < '2024-06-01'",
        "no longer absence than the history",
    ),
    (FEATURES_SUITE, f"alter table {VIEW} drop column health__absent_share", "exactly the 76 columns"),
    (SCORES_SUITE, "delete from staged where customer_id = 'c1'", "as many rows as `score` recorded"),
    (SCORES_SUITE, "update staged set customer_id = null where customer_id = 'c1'", "customer_id"),
    (SCORES_SUITE, "update staged set customer_id = 'c1' where customer_id = 'c2'", "one row per customer"),
    (SCORES_SUITE, "update staged set probability = 'nan' where customer_id = 'c1'", "every probability of a lapse"),
    (SCORES_SUITE, "update staged set probability = null where customer_id = 'c1'", "every probability of a lapse"),
    (SCORES_SUITE, "update staged set spend_drop_probability = 1.2", "every probability of a drop"),
    (SCORES_SUITE, "update staged set probability = 0.2", "more than one probability"),
    (SCORES_SUITE, "update staged set expected_spend_56d = -1", "an expected spend of 0 or more"),
    (SCORES_SUITE, "update staged set expected_spend_56d_high = 0", "an expected spend of 0 or more"),
    (SCORES_SUITE, "update staged set expected_spend_56d_low = null", "an expected spend of 0 or more"),
    (SCORES_SUITE, "update staged set expected_days_to_next_visit_high = 57", "a next visit within 0 to 56"),
    (SCORES_SUITE, "update staged set segment = 'zombies' where customer_id = 'c1'", "one of the named segments"),
    (SCORES_SUITE, "update staged set segment = null where customer_id = 'c1'", "segment"),
    (SCORES_SUITE, "update staged set as_of_date = '2024-05-31' where customer_id = 'c1'", "`as_of_date` alone"),
    (SCORES_SUITE, "update staged set horizon_days = 7 where customer_id = 'c1'", "`horizon_days` alone"),
    (SCORES_SUITE, "update staged set model_version = 'x' where customer_id = 'c1'", "model_version"),
    (SCORES_SUITE, "update staged set run_id = 'x' where customer_id = 'c1'", "run_id"),
    (
        SCORES_SUITE,
        "update staged set reason_1 = null, reason_2 = null where customer_id = 'c1'",
        "a first reason",
    ),
    (SCORES_SUITE, "update staged set reason_1 = null where customer_id = 'c1'", "no second reason without"),
    (SCORES_SUITE, "update staged set customer_id = 'stranger' where customer_id = 'c1'", "exactly the customers"),
]
"""Suite, what goes wrong, and words of the expectation that must stop the night for it."""

WARNINGS: list[Sample] = [
    (FEATURES_SUITE, "update labels.lbl_customer_health set has_lapsed = 0", "lapsed at every training origin"),
    (FEATURES_SUITE, f"update {VIEW} set customer__discount_pct_84d = -4", "customer__discount_pct_84d"),
    (FEATURES_SUITE, f"delete from {VIEW} where as_of_date <> '2024-06-01'", "rows for every training"),
    (SCORES_SUITE, "update staged set probability = probability / 10", "half and twice the share of lapses"),
    (SCORES_SUITE, "insert into previous from previous; insert into previous from previous", "half and twice the rows"),
]


@pytest.fixture
def health_shop(shop_of: Callable[[str], Any]) -> Any:
    """Give the tiny shop with the valid features and scores of customer_health."""
    return shop_of("customer_health")


@pytest.mark.parametrize("name", [FEATURES_SUITE, SCORES_SUITE])
def test_the_valid_sample_passes(name: str, health_shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_valid(health_shop, suite_called(name))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(sample: Sample, health_shop: Any, suite_called: Callable[..., Any]) -> None:
    assert_stops(health_shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNINGS, ids=id_of)
def test_a_doubtful_sample_warns_and_does_not_stop(
    sample: Sample, health_shop: Any, suite_called: Callable[..., Any]
) -> None:
    assert_warns(health_shop, suite_called(sample[0]), sample)


def test_a_young_shop_may_leave_all_but_the_lapse_unsaid(health_shop: Any, suite_called: Callable[..., Any]) -> None:
    unsaid = [
        "spend_drop_probability",
        *(f"expected_{what}{end}" for what in ("spend_56d", "days_to_next_visit") for end in ("", "_low", "_high")),
    ]
    health_shop.corrupt(f"update staged set {', '.join(f'{name} = null' for name in unsaid)}")
    assert_valid(health_shop, suite_called(SCORES_SUITE))
