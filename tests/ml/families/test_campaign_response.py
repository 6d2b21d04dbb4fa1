"""What campaign_response says in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from nightmarket.families.campaign_response import FAMILY


@pytest.mark.parametrize(
    ("reason", "facts", "sentence"),
    [
        ("coupon habit", {"customer__n_coupon_lines_84d": 7}, "used coupons for 7 items in 12 weeks"),
        ("coupon habit", {"customer__n_coupon_lines_84d": 0}, "used no coupon in 12 weeks"),
        ("coupon habit", {"customer__n_coupon_lines_84d": np.nan}, None),
        (
            "answers",
            {"response__n_campaigns_responded": 1, "response__days_since_last_contact": 9},
            "answered 1 campaign before",
        ),
        (
            "answers",
            {"response__n_campaigns_responded": 0, "response__days_since_last_contact": 9},
            "has answered none of the campaigns so far",
        ),
        ("answers", {"response__n_campaigns_responded": 0, "response__days_since_last_contact": np.nan}, None),
        ("contacts", {"response__n_contacts_84d": 2}, "contacted by 2 campaigns in 12 weeks"),
        ("contacts", {"response__n_contacts_84d": 0}, "not contacted by a campaign in 12 weeks"),
        (
            "bought",
            {"match__n_lines_84d": 12, "match__days_since_last_order": 3},
            "bought 12 items of the campaign in 12 weeks",
        ),
        (
            "bought",
            {"match__n_lines_84d": 0, "match__days_since_last_order": 100},
            "last bought something of the campaign 100 days ago",
        ),
        ("bought", {"match__n_lines_84d": 0, "match__days_since_last_order": np.nan}, None),
        (
            "coupons for them",
            {"match__n_coupons_84d": 3, "campaign__n_coupons": 16},
            "3 of its 16 coupons for what they buy",
        ),
        ("coupons for them", {"match__n_coupons_84d": 0, "campaign__n_coupons": 16}, None),
        (
            "with coupons",
            {"match__n_coupon_lines_168d": 1},
            "bought 1 item of the campaign with a coupon in 24 weeks",
        ),
        ("redeemed", {"match__n_redeemed_coupons": 2}, "redeemed 2 coupons for the same products before"),
        ("visits", {"customer__n_visits_84d": 20}, "20 visits in 12 weeks"),
        ("absence", {"customer__days_since_last_order": 1}, "last visit 1 day before"),
        (
            "basket",
            {"customer__lines_per_visit": 11.8, "customer__visit_amount": 34.2},
            "takes 12 items a visit, for 34",
        ),
        ("discounts", {"customer__discounted_line_share": 0.54}, "54 % of the items at a discount"),
        ("kind", {"campaign__type_response_share": 0.134}, "13 % answered earlier campaigns of this kind"),
        ("size", {"campaign__n_coupons": 1, "campaign__duration_days": 33}, "1 coupon over 33 days"),
        ("reads", {"text__coupon_top5": 0.5}, "its coupons read like what they buy"),
        ("reads", {"text__coupon_top5": 0.1}, None),
        ("household", {"customer__has_demographics": 0}, "nothing is known of the household"),
    ],
)
def test_reasons_are_plain_english_with_the_facts_of_the_row(
    reason: str, facts: Mapping[str, float], sentence: str | None
) -> None:
    found = next(one for one in FAMILY.reasons if one.name == reason)
    assert found.sentence(facts) == sentence


def test_rows_are_cut_at_their_campaign_and_published_with_its_end() -> None:
    assert FAMILY.is_optional
    assert FAMILY.row_columns == {
        "cut_date": "DATE",
        "end_date": "DATE",
        "is_open": "BOOLEAN",
        "days_to_end": "INTEGER",
    }
    assert not set(FAMILY.row_columns) & set(FAMILY.feature_columns)
