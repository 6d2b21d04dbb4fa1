"""A check that cannot fail is a defect: the suite of campaign_targets refuses every corrupted sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightmarket.decisions.targets.table import POLICY_VERSION, TABLE
from nightmarket.quality.outcomes import FAILED, WARNED

from .corrupted import Sample, assert_stops, assert_valid, assert_warns, id_of
from .staged_samples import AS_OF, RUN_ID, StagedShop, decided_shop

SUITE = "decisions__campaign_targets"

_VALUES = {
    "campaign_id": "'k' || k",
    "customer_id": "'c' || lpad(c::varchar, 3, '0')",
    "as_of_date": f"date '{AS_OF}'",
    # Of 300 customers, 150 are contacted and 17 of those who would be are held out: a tenth of the two.
    "decision": "case when c < 150 then 'contact' when c < 167 then 'hold out' else 'leave alone' end",
    "response_probability": "0.5 - c / 1000",
    "expected_incremental_amount": "null",
    "expected_value_amount": "2 - c / 100",
    "cost_amount": "0.5",
    "value_basis": "'response, not proven incremental'",
    "is_running": "k = 0",
    "is_holdout": "c >= 150 and c < 180",
    "budget_amount": "case when k > 0 then 80 end",
    "dual_price_amount": "case when k > 0 then 0.25 end",
    "holdout_share": "0.1",
    "reason": "'worth more than it costs'",
    "policy_version": f"'{POLICY_VERSION}'",
    "run_id": f"'{RUN_ID}'",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StagedShop]:
    """Two campaigns and 300 customers, as they are decided on."""
    yield from decided_shop(
        tmp_path,
        TABLE,
        _VALUES,
        "range(2) as a(k), range(300) as b(c)",
        rows_decided=600,
        policy_version=POLICY_VERSION,
    )


STOPS: list[Sample] = [
    (SUITE, "delete from staged where customer_id = 'c004'", "as many rows as `decide` recorded"),
    (SUITE, "update staged set campaign_id = null where customer_id = 'c004'", "campaign_id"),
    (SUITE, "update staged set customer_id = null where customer_id = 'c004'", "customer_id"),
    (SUITE, "update staged set campaign_id = 'k0' where customer_id = 'c004'", "one row per campaign and customer"),
    (SUITE, "update staged set decision = 'Contact' where customer_id = 'c004'", "contact, hold out or leave alone"),
    (SUITE, "update staged set decision = null where customer_id = 'c004'", "contact, hold out or leave alone"),
    (SUITE, "update staged set response_probability = 'nan'", "every response probability known"),
    (SUITE, "update staged set response_probability = null", "every response probability known"),
    (SUITE, "update staged set response_probability = 1.2", "every response probability known"),
    (SUITE, "update staged set expected_value_amount = 'inf' where customer_id = 'c004'", "known and finite"),
    (SUITE, "update staged set cost_amount = -0.5 where customer_id = 'c204'", "no negative cost"),
    (SUITE, "update staged set is_holdout = true where customer_id = 'c004'", "nobody contacted anew whom the lot"),
    (SUITE, "update staged set is_holdout = false where customer_id = 'c151'", "whom the lot does not hold out"),
    (SUITE, "update staged set decision = 'leave alone' where decision = 'hold out'", "somebody held out of every"),
    (SUITE, "update staged set cost_amount = 0.6", "contacts within every budget"),
    (SUITE, "update staged set expected_value_amount = 0 where customer_id = 'c004'", "worth no more than the contact"),
    (SUITE, "update staged set expected_value_amount = 0 where customer_id = 'c151'", "worth no more than the contact"),
    (SUITE, "update staged set budget_amount = 90 where customer_id = 'c004'", "one budget, price, start and holdout"),
    (SUITE, "update staged set holdout_share = 0.2 where customer_id = 'c004'", "one budget, price, start and holdout"),
    (SUITE, "update staged set dual_price_amount = -0.1", "finite and not negative, and none without a budget"),
    (SUITE, "update staged set dual_price_amount = 0.1", "finite and not negative, and none without a budget"),
    (SUITE, "update staged set holdout_share = 1", "a holdout share below 1"),
    (SUITE, "update staged set holdout_share = 0 where customer_id = 'c204'", "of 0 only where contacted before"),
    (SUITE, "update staged set value_basis = 'uplift'", "exactly where the value rests on uplift"),
    (SUITE, "update staged set expected_incremental_amount = 1", "exactly where the value rests on uplift"),
    (SUITE, "update staged set reason = null where customer_id = 'c004'", "reason"),
    (SUITE, "update staged set as_of_date = '2024-05-31' where customer_id = 'c004'", "rows of this night"),
    (SUITE, "update staged set policy_version = 'campaign_targets/0'", "rows of this night"),
    (SUITE, "update staged set run_id = 'another' where customer_id = 'c004'", "rows of this night"),
]

WARNS: list[Sample] = [
    (SUITE, "update staged set is_holdout = true, decision = 'hold out' where customer_id < 'c060'", "chance explains"),
    # The lots are right, but most of those to contact were dropped and nobody who was held out.
    (
        SUITE,
        "update staged set decision = 'leave alone' where customer_id between 'c040' and 'c149'",
        "contacted for yet",
    ),
    (SUITE, "update staged set is_holdout = true where customer_id > 'c250'", "a share of lots in the holdout"),
    # Sent, and then the salt changed: the lots of those who were not contacted are none that left 150 contacts.
    (
        SUITE,
        "update staged set holdout_share = 0, cost_amount = 0 where customer_id < 'c150';"
        "update staged set is_holdout = false, decision = 'leave alone' where customer_id >= 'c150'",
        "a share of lots in the holdout",
    ),
    (SUITE, "update previous set decision = 'leave alone' where customer_id > 'c039'", "three times the contacts"),
]


def test_the_valid_sample_passes(shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_valid(shop, suite_called(SUITE))


@pytest.mark.parametrize("sample", STOPS, ids=id_of)
def test_a_corrupted_sample_stops_the_night(sample: Sample, shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_stops(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("sample", WARNS, ids=id_of)
def test_a_suspicious_sample_warns(sample: Sample, shop: StagedShop, suite_called: Callable[..., Any]) -> None:
    assert_warns(shop, suite_called(sample[0]), sample)


@pytest.mark.parametrize("n_contacted", [150, 80, 1], ids=["all that were chosen", "half of them", "one of them"])
def test_a_campaign_that_was_sent_as_decided_raises_no_warning(
    n_contacted: int, shop: StagedShop, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(
        f"update staged set holdout_share = 0, cost_amount = 0 where customer_id < 'c{n_contacted:03d}';"
        # Some of those held out bought nothing lately and are scored no more.
        "delete from staged where customer_id in ('c166', 'c170', 'c175')"
    )
    outcome = shop.check(suite_called(SUITE), rows_decided=594)
    assert outcome.with_status(WARNED) + outcome.with_status(FAILED) == ()


def test_who_was_contacted_before_may_be_in_the_holdout_and_worth_less(
    shop: StagedShop, suite_called: Callable[..., Any]
) -> None:
    shop.corrupt(
        "update staged set is_holdout = true, holdout_share = 0, cost_amount = 0, expected_value_amount = 0 "
        "where customer_id < 'c003'"
    )
    assert_valid(shop, suite_called(SUITE))
