"""What is known of campaigns on a night: nothing that came later, and the newest of what came before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.ml.landed_campaigns import AS_OF, land

from nightmarket.decisions.targets.base_rate import Answers
from nightmarket.decisions.targets.campaign import KnownCampaign, Plan
from nightmarket.io.campaigns import read_campaign_facts
from nightmarket.settings import Settings

SPRING = {"campaign_id": "spring", "start_date": "2024-05-20", "end_date": "2024-06-10", "arrived": "2024-05-01"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, var_dir=tmp_path / "var", threads=1)


def test_the_newest_version_that_had_arrived_before_the_night_counts(settings: Settings) -> None:
    snapshot = land(
        settings,
        {
            "campaigns": [
                SPRING,
                {**SPRING, "end_date": "2024-06-20", "arrived": "2024-05-31"},
                {**SPRING, "end_date": "2024-07-31", "arrived": "2024-06-01"},
            ],
            "campaign_plans": [
                {"campaign_id": "spring", "budget_amount": 50, "arrived": "2024-05-01"},
                {"campaign_id": "spring", "budget_amount": 60, "margin_pct": 25, "arrived": "2024-05-20"},
                {"campaign_id": "spring", "budget_amount": 99, "arrived": "2024-06-01"},
            ],
        },
    )
    facts = read_campaign_facts(settings, snapshot, as_of=AS_OF)
    plan = Plan(budget_amount=60.0, margin_pct=25.0)
    assert facts.campaigns == {"spring": KnownCampaign("spring", date(2024, 5, 20), date(2024, 6, 20), plan)}


def test_a_plan_without_dates_is_no_campaign(settings: Settings) -> None:
    snapshot = land(settings, {"campaigns": [SPRING], "campaign_plans": [{"campaign_id": "sprnig"}]})
    facts = read_campaign_facts(settings, snapshot, as_of=AS_OF)
    assert (list(facts.campaigns), facts.unknown_plans) == (["spring"], ["sprnig"])


def test_contacts_of_the_28_days_before_count_for_whatever_campaign(settings: Settings) -> None:
    contacts = [
        ("spring", "c1", "2024-05-31"),
        ("winter", "c1", "2024-05-04"),
        ("autumn", "c1", "2024-05-03"),
        ("spring", "c2", "2024-06-01"),
    ]
    snapshot = land(
        settings,
        {
            "campaigns": [SPRING],
            "campaign_contacts": [
                {"campaign_id": campaign, "customer_id": customer, "contact_date": day, "arrived": day}
                for campaign, customer, day in contacts
            ],
        },
    )
    facts = read_campaign_facts(settings, snapshot, as_of=AS_OF)
    assert facts.recent_contacts == {"c1": 2}
    assert facts.contacts == {"spring": {"c1": date(2024, 5, 31)}}


def test_a_response_is_worth_what_responders_spent_on_what_their_coupons_were_for(settings: Settings) -> None:
    offers = [("winter", "x", "tea"), ("winter", "y", "jam"), ("gone", "x", "tea")]
    responses = [("c1", "2024-02-01"), ("c1", "2024-02-02"), ("c2", "2024-02-01"), ("c3", "2024-06-01")]
    lines = [
        ("1", "c1", "tea", "2024-02-01", 6, "2024-02-01"),
        ("2", "c1", "jam", "2024-02-01", 90, "2024-02-01"),  # of another coupon
        ("3", "c1", "tea", "2024-02-09", 90, "2024-02-09"),  # of another day
        ("4", "c1", "tea", "2024-02-02", 90, "2024-02-02"),
        ("4", "c1", "tea", "2024-02-02", 4, "2024-02-05"),  # corrected before the night
        ("4", "c1", "tea", "2024-02-02", 70, "2024-06-01"),  # and after it
        ("5", "c2", "tea", "2024-02-01", 90, "2024-02-01"),
        ("5", "c2", "tea", "2024-02-03", 90, "2024-02-03"),  # moved to another day
        ("6", "c9", "tea", "2024-02-01", 90, "2024-02-01"),  # nobody who responded
    ]
    snapshot = land(
        settings,
        {
            "campaigns": [SPRING],
            "campaign_products": [
                {"campaign_id": campaign, "coupon_id": coupon, "product_id": product}
                for campaign, coupon, product in offers
            ],
            "campaign_responses": [
                {
                    "campaign_id": "winter",
                    "customer_id": customer,
                    "coupon_id": "x",
                    "response_date": day,
                    "arrived": day,
                }
                for customer, day in responses
            ],
            "order_lines": [
                {
                    "order_line_id": line,
                    "order_id": line,
                    "customer_id": customer,
                    "product_id": product,
                    "ordered_at": day,
                    "order_date": day,
                    "quantity": 1,
                    "sales_amount": amount,
                    "is_cancelled": False,
                    "arrived": arrived,
                }
                for line, customer, product, day, amount, arrived in lines
            ],
        },
    )
    # 6 and 4, by two who responded.
    assert read_campaign_facts(settings, snapshot, as_of=AS_OF).spend_per_response_amount == 5.0


def test_a_shop_without_campaigns_knows_nothing_and_does_not_fail(settings: Settings) -> None:
    facts = read_campaign_facts(settings, land(settings, {}), as_of=AS_OF)
    assert (facts.campaigns, facts.contacts, facts.recent_contacts) == ({}, {}, {})
    assert facts.spend_per_response_amount is None


def test_contacts_of_campaigns_that_ended_in_a_year_and_their_answers_are_counted(settings: Settings) -> None:
    over = {"campaign_id": "over", "start_date": "2024-04-01", "end_date": "2024-04-21"}
    long_ago = {"campaign_id": "old", "start_date": "2023-04-01", "end_date": "2023-04-21"}
    contacts = [("over", f"c{number}") for number in range(4)] + [("spring", "c0"), ("old", "c0")]
    responses = [("over", "c0", "2024-04-05"), ("over", "c0", "2024-04-06"), ("over", "stranger", "2024-04-05")]
    tables = {
        "campaigns": [SPRING, over, long_ago],
        "campaign_contacts": [
            {"campaign_id": one, "customer_id": customer, "contact_date": "2024-04-01"} for one, customer in contacts
        ],
    }
    assert read_campaign_facts(settings, land(settings, tables), as_of=AS_OF).answers is None
    tables["campaign_responses"] = [
        {"campaign_id": one, "customer_id": customer, "coupon_id": "", "response_date": day}
        for one, customer, day in responses
    ]
    assert read_campaign_facts(settings, land(settings, tables), as_of=AS_OF).answers == Answers(4, 1)
