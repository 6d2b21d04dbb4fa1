"""What purchase_intent says in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from nightmarket.families.purchase_intent import FAMILY


@pytest.mark.parametrize(
    ("reason", "facts", "sentence"),
    [
        ("bought", {"pair__n_orders": 6, "pair__days_since_last_order": 12}, "bought 6 times, last 12 days ago"),
        ("bought", {"pair__n_orders": 1, "pair__days_since_last_order": 1}, "bought 1 time, last 1 day ago"),
        ("bought", {"pair__n_orders": 0, "pair__days_since_last_order": np.nan}, None),
        (
            "rhythm",
            {"pair__mean_interval_days": 14.2, "pair__overdue_ratio": 1.1},
            "buys it about every 14 days, now due",
        ),
        (
            "rhythm",
            {"pair__mean_interval_days": 14.2, "pair__overdue_ratio": 2.0},
            "buys it about every 14 days, overdue",
        ),
        ("activity", {"customer__n_orders_28d": 9, "customer__n_orders_84d": 20}, "shops here: 9 orders in 4 weeks"),
        ("popularity", {"category__penetration_84d": 0.61}, "61 % of customers bought it in 12 weeks"),
        (
            "come_back",
            {"pair__n_orders": 3, "demand__repeat_rate": 0.41},
            "41 % of customers who bought it as often and as lately came back within 4 weeks",
        ),
        ("come_back", {"pair__n_orders": 0, "demand__repeat_rate": 0.41}, None),
        ("followed", {"demand__forecast": 0.273}, "27 % of baskets like theirs were followed by it"),
        ("followed", {"demand__forecast": np.nan}, None),
        ("reads", {"text__rest_similarity": 0.7}, "reads like what they already buy"),
    ],
)
def test_reasons_are_plain_english_with_the_facts_of_the_row(
    reason: str, facts: Mapping[str, float], sentence: str | None
) -> None:
    found = next(r for r in FAMILY.reasons if r.name == reason)
    assert found.sentence(facts) == sentence
