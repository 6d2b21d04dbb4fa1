"""The example customers: always the same kinds, in words that can be read aloud."""

from __future__ import annotations

from typing import Any

import pytest

from nightmarket.contracts import ID, Column
from nightmarket.families.base import Family, Head, Kind
from nightmarket.families.customer_health import FAMILY as CUSTOMER_HEALTH
from nightmarket.families.next_basket import FAMILY as NEXT_BASKET
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.report.households import History, choose_by_health, choose_by_sums, tell_past
from nightmarket.report.telling import tell

ON_CUSTOMERS = Head("probability", Kind.PROBABILITY, 28, ("a",), "a", "pairs", "roc_auc")
LOYALTY = Family(
    name="loyalty",
    title="Loyalty",
    description="Who stays.",
    keys=(Column("customer_id", ID, "The customer."),),
    predictions=(),
    heads=(ON_CUSTOMERS, Head("spend_amount", Kind.AMOUNT, 56, ("a",), "a", "amounts", "wape")),
    label_table="labels.lbl_loyalty",
    reasons=(),
)


def _health(customer: str, probability: float | None, spend: float | None) -> dict[str, Any]:
    return {"customer_id": customer, "probability": probability, "expected_spend_56d": spend}


def test_the_champion_the_one_slipping_away_and_the_one_in_the_middle_are_chosen() -> None:
    rows = [_health(f"c{i:02d}", 0.01 * i, 1000.0 - 10 * i) for i in range(30)]
    rows += [_health("slipping", 0.9, 500.0), _health("unknown", 0.99, None)]
    chosen = choose_by_health(rows)
    assert [(one.customer_id, one.role) for one in chosen] == [
        ("c00", "The champion"),
        ("c28", "Slipping away"),
        ("c15", "In the middle"),
    ]


def test_a_champion_who_is_likely_to_stay_away_does_not_hide_the_next_one() -> None:
    chosen = choose_by_health([_health("a", 0.9, 900.0), _health("b", 0.3, 10.0), _health("c", 0.2, 5.0)])
    assert [one.customer_id for one in chosen] == ["a", "b"]
    assert [one.role for one in chosen] == ["The champion", "In the middle"]


def test_a_tiny_shop_shows_each_customer_once() -> None:
    assert [one.customer_id for one in choose_by_health([_health("a", 0.6, 1.0)])] == ["a"]
    assert choose_by_health([]) == ()
    assert [one.customer_id for one in choose_by_sums({"a": 1.0}, None, what="categories")] == ["a"]
    assert choose_by_sums({}, None, what="categories") == ()


def test_without_a_family_of_health_sums_choose() -> None:
    tonight, before = {"a": 9.0, "b": 2.0, "c": 4.0}, {"a": 9.5, "b": 8.0}
    assert [one.customer_id for one in choose_by_sums(tonight, before, what="categories")] == ["a", "b", "c"]
    assert choose_by_sums(tonight, None, what="categories")[1].rule == "the fewest categories expected"


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (None, None),
        (History(84, 0, 0.0, 90), "No order in the 12 weeks before; the last 90 days before."),
        (History(84, 1, 12.4, 1), "1 order for USD 12 in the 12 weeks before; the last the day before."),
        (History(84, 3, 1234.0, None), "3 orders for USD 1,234 in the 12 weeks before."),
    ],
)
def test_the_past_is_one_sentence(history: History | None, sentence: str | None) -> None:
    assert tell_past(history, currency="USD") == sentence


def test_an_intent_is_told_with_its_reason_and_the_name_of_the_category() -> None:
    rows = [
        {"category_id": "1", "probability": 0.93, "reason_1": "bought 6 times", "reason_2": None, "horizon_days": 28},
        {"category_id": "2", "probability": 0.004, "reason_1": None, "horizon_days": 28},
    ]
    told = tell(PURCHASE_INTENT, rows, {"1": "MILK"}, currency="USD")
    assert told.sentences == (
        "Within 28 days the customer will almost certainly buy MILK: bought 6 times.",
        "In all, 1 category is more likely than not.",
    )
    assert [(line.item, line.reasons) for line in told.lines] == [("MILK", ("bought 6 times",)), ("2", ())]


def test_where_nothing_is_likely_or_published_that_is_what_is_said() -> None:
    row = {"category_id": "1", "probability": 0.054, "reason_1": None, "horizon_days": 28}
    told = tell(PURCHASE_INTENT, [row], {"1": "MILK"}, currency="USD")
    assert told.sentences == (
        "Nothing stands out: the likeliest within 28 days is MILK, 5.4%.",
        "In all, no category is more likely than not.",
    )
    assert tell(PURCHASE_INTENT, [], {}, currency="USD").sentences == ("Nothing is published of this customer.",)


def test_a_basket_is_told_with_how_much_of_it_is_known() -> None:
    rows = [
        {"product_id": "1", "probability": 0.62, "is_repeat": True, "reason_1": "bought 6 times, every 12 days"},
        {"product_id": "2", "probability": 0.2, "is_repeat": False, "reason_1": "new for you, like MILK"},
    ]
    told = tell(NEXT_BASKET, rows, {"1": "BANANAS"}, currency="USD")
    assert told.sentences == (
        "First on the list is BANANAS, with a chance of 62%.",
        "1 of the 2 products on the list was bought before.",
    )
    assert [line.item for line in told.lines] == ["BANANAS", "2"]


def test_the_health_of_a_customer_is_told_in_sentences_and_what_is_not_known_is_left_out() -> None:
    row = {"probability": 0.034, "horizon_days": 28, "reason_1": "last visit 9 days ago", "segment": "champions"}
    spend = {"expected_spend_56d": 2916.4, "expected_spend_56d_low": 1836.0, "expected_spend_56d_high": 4127.0}
    told = tell(
        CUSTOMER_HEALTH,
        [{**row, **spend, "spend_drop_probability": 0.099, "expected_days_to_next_visit": 2.2}],
        {},
        currency="USD",
    )
    assert " ".join(told.sentences) == (
        "One of the segment “champions”. The next visit is expected in about 2 days. The chance of staying away for 28 "
        "days is 3.4%. The chance that spend falls by more than half is 9.9%. The next 56 days bring about USD 2,916, "
        "4 times in 5 between 1,836 and 4,127. What the chance of staying away rests on: last visit 9 days ago."
    )
    assert len(tell(CUSTOMER_HEALTH, [row], {}, currency="USD").sentences) == 3


def test_a_family_without_words_of_its_own_is_told_by_its_columns() -> None:
    row = {"probability": 0.999, "spend_amount": 1234.5, "reason_1": "comes every week", "reason_2": None}
    told = tell(LOYALTY, [row], {}, currency="EUR")
    assert told.sentences == (
        "Probability within 28 days: above 99%.",
        "Spend amount: EUR 1,234.",
        "Why: comes every week.",
    )
