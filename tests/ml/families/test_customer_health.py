"""What customer_health says in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tests.ml.invented_customers import make_customers

from nightmarket.families.customer_health import FAMILY
from nightmarket.modeling.forecast import Forecast


@pytest.mark.parametrize(
    ("reason", "facts", "sentence"),
    [
        (
            "absence",
            {"customer__days_since_last_order": 24, "customer__mean_interval_days": 5.2},
            "last visit 24 days ago, usually every 5 days",
        ),
        (
            "absence",
            {"customer__days_since_last_order": 1, "customer__mean_interval_days": np.nan},
            "last visit 1 day ago",
        ),
        ("rhythm", {"health__max_interval_days": 43}, "has stayed away for 43 days before"),
        ("rhythm", {"health__max_interval_days": 9}, "has never stayed away for more than 9 days"),
        ("rhythm", {"health__max_interval_days": np.nan, "health__n_intervals": 0}, "came once so far"),
        ("frequency", {"health__n_visits_84d": 1}, "1 visit in 12 weeks"),
        (
            "trend",
            {"health__visits_over_84d": 0.3, "health__n_visits_28d": 2},
            "comes less often than before: 2 visits in 4 weeks",
        ),
        ("trend", {"health__visits_over_84d": 1.1, "health__n_visits_28d": 2}, None),
        (
            "spend",
            {"health__spend_amount_28d": 40.2, "health__mean_month_amount": 121.7},
            "spent 40 in 4 weeks, 122 on average",
        ),
        (
            "swing",
            {"health__spend_over_84d": 1.4, "health__drop_share": 0.5, "health__largest_day_share_28d": 0.1},
            "spent more than usual lately",
        ),
        (
            "swing",
            {"health__spend_over_84d": 1.0, "health__drop_share": 0.25, "health__largest_day_share_28d": 0.1},
            "spend halved from one month to the next 25 % of the time",
        ),
        (
            "basket",
            {"customer__n_categories_84d": 14, "health__visit_amount_84d": 31.4},
            "buys from 14 categories in 12 weeks, 31 a visit",
        ),
        (
            "offers",
            {"customer__n_campaign_responses": 0, "customer__n_campaign_contacts_84d": 2},
            "contacted by 2 campaigns in 12 weeks, without an answer",
        ),
        ("tenure", {"customer__days_since_first_order": 56}, "customer for 8 weeks"),
        ("tenure", {"customer__days_since_first_order": 300}, None),
        ("household", {"customer__has_demographics": 0}, "nothing is known of the household"),
    ],
)
def test_reasons_are_plain_english_with_the_facts_of_the_row(
    reason: str, facts: Mapping[str, float], sentence: str | None
) -> None:
    found = next(r for r in FAMILY.reasons if r.name == reason)
    assert found.sentence(facts) == sentence


def test_nobody_is_expected_later_than_the_window_and_everybody_has_a_segment() -> None:
    assert FAMILY.describe is not None
    frame = make_customers(n=30)
    days = np.linspace(1, 60, 30)
    described = FAMILY.describe(frame, {"expected_days_to_next_visit": Forecast(days, days / 2, days * 2)})
    assert described["expected_days_to_next_visit"].max() == 56
    assert described["expected_days_to_next_visit_high"].max() == 56
    assert described["segment"].shape == (30,)


def test_without_a_forecast_of_days_there_is_a_segment_all_the_same() -> None:
    assert FAMILY.describe is not None
    assert set(FAMILY.describe(make_customers(n=5), {})) == {"segment"}
