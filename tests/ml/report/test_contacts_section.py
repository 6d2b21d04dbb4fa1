"""Whom to contact: what it is worth, what more budget would bring, and what past campaigns brought."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from markupsafe import escape

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.io.landing import Snapshot
from nightmarket.io.night import Night
from nightmarket.io.served_decisions import read_campaign_names, read_results
from nightmarket.report.decision_words import say_next_unit, say_result, say_value_basis
from nightmarket.report.decisions import CampaignResult
from nightmarket.settings import Settings
from nightmarket.steps import report
from nightmarket.steps.report import names_of_key

from .decided import NIGHT, TARGETS, Decided, section_of, target, write_rows
from .hostile import HOSTILE
from .hostile_decisions import CAMPAIGN, MEASURED


def test_the_contacts_of_a_campaign_are_told_with_what_they_are_worth(page_of: Callable[..., str]) -> None:
    contacts = section_of(page_of(Decided()), "contacts")
    for part in (
        "Winter",
        "<strong>2</strong>",
        "1 before tonight",
        "USD 2.50",
        "USD 1.00",
        "USD 100",
        "The next USD 1 of budget would bring USD 0.80 beyond itself.",
        "not proven incremental",
        "Left alone, 1: expected to bring no more than the contact costs.",
        "No campaign with a holdout has ended yet",
    ):
        assert part in contacts


def test_what_values_rest_on_is_said_once_or_where_campaigns_differ_of_each(page_of: Callable[..., str]) -> None:
    again = [{**row, "campaign_id": "8"} for row in TARGETS]
    assert section_of(page_of(Decided(targets=(*TARGETS, *again))), "contacts").count("not proven incremental") == 1
    proven = [{**row, "value_basis": "uplift"} for row in again]
    contacts = section_of(page_of(Decided(targets=(*TARGETS, *proven))), "contacts")
    assert contacts.count("not proven incremental") == contacts.count("is what the contact alone brings") == 1


def test_the_first_customers_to_contact_are_named_with_what_they_are_expected_to_bring(
    page_of: Callable[..., str],
) -> None:
    many = [target("7", f"c1{number}", "contact", expected_value_amount=10.0 - number) for number in range(9, 1, -1)]
    contacts = section_of(page_of(Decided(targets=(*TARGETS[2:], *many))), "contacts")
    rows = re.findall(r'<th scope="row">(c\d+)</th><td class="n">([^<]*)</td><td class="n">([^<]*)</td>', contacts)
    # The best first; who was contacted before tonight, or is held out, is none of them.
    assert rows == [(f"c1{number}", "20%", f"USD {10 - number}.00") for number in range(2, 7)]
    assert "The first 5 of 8 to contact" in contacts


def test_campaigns_of_which_nobody_was_decided_on_are_named_with_the_reason(page_of: Callable[..., str]) -> None:
    left_out = {
        "7": "its plan breaks the contract (negative:budget_amount)",
        "22": "starts on 2018-03-01, more than 28 days ahead, and has no plan",
        "3": "ended on 2017-11-01",
    }
    contacts = section_of(page_of(Decided(targets=(), left_out=left_out)), "contacts")
    assert "Nobody: no campaign runs" not in contacts
    assert "<strong>Winter</strong>: its plan breaks the contract (negative:budget_amount)." in contacts
    assert "<strong>Campaign 22</strong>: starts on 2018-03-01, more than 28 days ahead, and has no plan." in contacts
    assert "ended on" not in contacts
    assert "its plan breaks" in section_of(page_of(Decided(left_out=left_out)), "contacts")


def test_a_campaign_that_ended_and_could_not_be_measured_is_recorded_and_reported_with_the_reason(
    settings: Settings, page_of: Callable[..., str], snapshot: Snapshot
) -> None:
    assert "could not be measured" not in page_of(Decided())
    # The campaign ended on NIGHT; the source that this night reads is complete through the day before.
    later = NIGHT + timedelta(days=2)
    contacts = section_of(page_of(Decided(), later), "contacts")
    why = f"the source is complete through 2017-11-30, before its end on {NIGHT}. Deliver the days up to it."
    record = Night(settings, later, snapshot.snapshot_id).read("publish")
    assert record["campaigns_not_measured"] == {"7": {"end_date": str(NIGHT), "reason": why}}
    assert f"<li><strong>Winter</strong>: {why}</li>" in contacts
    assert "No campaign with a holdout has ended yet" not in contacts


def test_what_could_not_be_measured_is_named_for_56_days_and_hostile_names_stay_text(
    settings: Settings, page_of: Callable[..., str], snapshot: Snapshot
) -> None:
    page_of(Decided())
    night = Night(settings, NIGHT, snapshot.snapshot_id)
    ended = {
        HOSTILE: {"end_date": str(NIGHT - timedelta(days=56)), "reason": f"held out by {HOSTILE}."},
        "old": {"end_date": str(NIGHT - timedelta(days=57)), "reason": "nobody can say any more."},
    }
    night.record("publish", {**night.read("publish"), "campaigns_not_measured": ended})
    report.run(settings, as_of=NIGHT, snapshot_id=snapshot.snapshot_id)
    contacts = section_of((settings.reports_dir / str(NIGHT) / "index.html").read_text(), "contacts")
    assert f"<li><strong>Campaign {escape(HOSTILE)}</strong>: held out by {escape(HOSTILE)}.</li>" in contacts
    assert HOSTILE not in contacts
    assert "nobody can say any more" not in contacts


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        (
            "response rate of earlier campaigns, not proven incremental",
            "the response rate of earlier campaigns is taken",
        ),
        ("assumed response rate, not proven incremental", "a response rate of the settings is taken"),
    ],
)
def test_a_night_without_a_response_model_says_what_stands_in(basis: str, said: str) -> None:
    sentence = say_value_basis(replace(CAMPAIGN, value_bases=(basis,)))
    assert sentence.startswith(f"There is no response model yet: {said} for everybody")
    assert "Not proven incremental" in sentence


def test_campaigns_are_called_by_name_wherever_rows_are_of_them(settings: Settings, snapshot: Snapshot) -> None:
    files = [settings.landing_dir / file.path for file in snapshot.table("campaigns").files]
    assert names_of_key("campaign_id", [], files) == {"7": "Winter"}


def test_a_campaign_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "campaigns.parquet"
    rows = [{"campaign_id": "22"}, {"campaign_id": "7", "campaign_name": "Winter"}]
    write_rows(path, CONTRACT_TABLES["campaigns"], rows)
    assert read_campaign_names([str(path)]) == {"22": "Campaign 22", "7": "Winter"}


def test_a_night_without_a_campaign_contacts_nobody(page_of: Callable[..., str]) -> None:
    contacts = section_of(page_of(Decided(targets=())), "contacts")
    assert "Nobody: no campaign runs, starts within 28 days or has a plan." in contacts


def test_results_are_the_newest_of_each_campaign_up_to_the_night() -> None:
    with duckdb.connect() as connection:
        assert read_results(connection, NIGHT) == []
        connection.execute(
            "create schema ops; create view ops.campaign_results as select '7' as campaign_id, 'response' as measure, "
            "date '2017-11-28' + i::integer as as_of_date, 100 as n_treated, 10 as n_holdout, "
            "90 as n_treated_contacted, 0 as n_holdout_contacted, .2 as treated_mean, "
            ".1 as holdout_mean, .1 as effect, .05 as effect_low, .15 as effect_high, 10.0 as total_effect, "
            "5.0 as cost_amount, 'increase' as verdict from range(9) as nights(i)"
        )
        assert [row["measured_on"] for row in read_results(connection, NIGHT)] == [NIGHT]


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            MEASURED,
            "12% of those chosen for contact responded, 9% of those held out. The difference made: +3.00 points "
            "(95 %: +1.00 to +5.00), +27 responses in all. That is more than chance explains.",
        ),
        (
            replace(MEASURED, measure="revenue", treated_mean=12.0, holdout_mean=10.0, effect=2.0, effect_low=-1.0,
                    effect_high=5.0, total_effect=None),
            "EUR 12.00 of revenue from each of those chosen for contact, EUR 10.00 from each of those held out. The "
            "difference made: EUR 2.00 (95 %: −EUR 1.00 to EUR 5.00) for contacts that were to cost EUR 50.00. No "
            "effect is proven: 0 lies within the interval.",
        ),
    ],
)  # fmt: skip
def test_what_a_campaign_brought_is_one_sentence(result: CampaignResult, sentence: str) -> None:
    assert say_result(result, "EUR") == sentence


def test_a_result_says_how_many_were_contacted_and_claims_nothing_of_what_was_not_sent_as_decided() -> None:
    sent = replace(MEASURED, n_treated_contacted=880, n_holdout_contacted=0)
    assert say_result(sent, "EUR").endswith("880 of 900 chosen were contacted. That is more than chance explains.")
    leaked = replace(sent, n_treated_contacted=1, n_holdout_contacted=7, verdict="not sent as decided")
    assert say_result(leaked, "EUR").endswith(
        "1 of 900 chosen were contacted and 7 of 100 held out. Nothing is claimed: it was not sent as decided."
    )


def test_a_campaign_that_was_sent_to_a_part_says_what_those_contacts_cost() -> None:
    half = replace(MEASURED, measure="revenue", n_treated_contacted=450, n_holdout_contacted=0, cost_amount=25.0)
    assert "for contacts of EUR 25.00. 450 of 900 chosen were contacted." in say_result(half, "EUR")


def test_a_holdout_is_shown_as_it_was_set(page_of: Callable[..., str]) -> None:
    rows = [{**row, "holdout_share": 0.999 if row["holdout_share"] else 0.0} for row in TARGETS]
    assert "99.9% by lot" in section_of(page_of(Decided(targets=rows)), "contacts")


def test_a_campaign_that_did_harm_is_said_to_and_of_a_broken_split_nothing_is_claimed() -> None:
    assert say_result(replace(MEASURED, effect_low=-0.05, effect_high=-0.01), "EUR").endswith(
        "It did harm, more than chance explains."
    )
    assert say_result(replace(MEASURED, verdict="split not as planned"), "EUR").endswith(
        "Nothing is claimed: customers were not split as planned."
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "The next EUR 1 of budget would bring EUR 0.80 beyond itself."),
        ({"dual_price": 0.0}, "The budget is enough: the next EUR 1 would bring nothing more."),
        ({"dual_price": None, "budget": None}, "The budget has no limit: more of it would bring nothing."),
        ({"dual_price": None}, "The budget pays contacts that cost nothing: more of it would bring nothing."),
    ],
)
def test_what_more_budget_would_bring_is_said(given: dict[str, Any], sentence: str) -> None:
    assert say_next_unit(replace(CAMPAIGN, **given), "EUR") == sentence


def test_a_value_says_whether_it_is_proven() -> None:
    assert say_value_basis(CAMPAIGN).endswith("as campaigns with a holdout proved.")
    mixed = replace(CAMPAIGN, value_bases=("response, not proven incremental", "uplift"))
    assert say_value_basis(mixed).startswith("For some customers the value")
