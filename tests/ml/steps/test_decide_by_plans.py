"""Plans that break the contract, came late or hold everybody out: what ``decide campaign_targets`` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ml.decided_targets import TABLES, column_of, decide_targets

from nightmarket.errors import InvalidSetting

BROKEN = {"reason": "negative:budget_amount", "campaign_id": "running", "budget_amount": "-3.00"}
SET_ASIDE = (
    "its plan breaks the contract (negative:budget_amount) and was set aside, so its budget is not known: mend its row"
    " in campaign_plans"
)


def test_a_campaign_whose_plan_breaks_the_contract_is_left_alone_and_says_so(tmp_path: Path) -> None:
    _, detail, rows = decide_targets(tmp_path, quarantined=[BROKEN])
    # Who was contacted before stays so; the settings stand in for no budget of anybody.
    assert column_of(rows, "running", "decision") == ["contact"] + ["leave alone"] * 7
    assert column_of(rows, "running", "reason")[1:] == [SET_ASIDE] * 7
    assert detail["campaigns"]["running"]["obstacle"] == SET_ASIDE
    assert column_of(rows, "planned", "decision") == ["contact"] * 4 + ["leave alone"] * 4


@pytest.mark.parametrize(
    "line",
    ["running,5 EUR,0.20", '"running";-1;2', "running\t5\t0.2\tand one field too many"],
    ids=["comma", "quote", "tab"],
)
def test_a_line_of_a_plan_that_cannot_be_read_is_the_plan_of_the_campaign_that_it_names(
    tmp_path: Path, line: str
) -> None:
    _, _, rows = decide_targets(tmp_path, quarantined=[{"reason": "unreadable_line:fields", "unreadable_text": line}])
    assert "(unreadable_line:fields)" in column_of(rows, "running", "reason")[1]
    assert column_of(rows, "planned", "decision")[0] == "contact"


@pytest.mark.parametrize(
    ("given", "is_decided"),
    [
        ({}, True),  # when it came is not known: it may be the bad row of a dump that was mended since
        ({"arrived_at": "2024-05-10 09:00:00"}, True),
        ({"arrived_at": "2024-05-25 09:00:00"}, False),
        ({"arrived_at": "2024-06-02 09:00:00"}, True),  # after the night
        ({"arrived_at": "2024-05-25 09:00:00", "reason": "superseded"}, True),
    ],
)
def test_a_broken_plan_counts_where_it_is_the_newest_that_the_night_knows(
    tmp_path: Path, given: dict[str, str], *, is_decided: bool
) -> None:
    plans = [{**TABLES["campaign_plans"][0], "arrived": "2024-05-20"}]
    broken = {**BROKEN, "campaign_id": "planned", **given}
    _, _, rows = decide_targets(tmp_path, tables={**TABLES, "campaign_plans": plans}, quarantined=[broken])
    assert ("contact" in column_of(rows, "planned", "decision")) is is_decided


def test_a_broken_plan_of_a_campaign_without_rows_is_named(tmp_path: Path) -> None:
    plans = [{**BROKEN, "campaign_id": one} for one in ("far", "nowhere")]
    _, detail, _ = decide_targets(tmp_path, quarantined=plans)
    assert detail["left_out"]["far"] == SET_ASIDE
    assert detail["left_out"]["nowhere"] == (
        "its plan breaks the contract (negative:budget_amount), and campaigns does not have it"
    )


def test_a_campaign_that_has_not_arrived_yet_is_not_said_to_be_missing(tmp_path: Path) -> None:
    late = {"campaign_id": "late", "start_date": "2024-06-05", "end_date": "2024-06-30", "arrived": "2024-06-01"}
    tables = {
        **TABLES,
        "campaigns": [*TABLES["campaigns"], late, {**late, "arrived": "2024-06-09"}, {**late, "campaign_id": "broken"}],
        "campaign_plans": [*TABLES["campaign_plans"], {"campaign_id": "late", "budget_amount": 5}],
    }
    _, detail, rows = decide_targets(tmp_path, tables=tables, quarantined=[{**BROKEN, "campaign_id": "broken"}])
    assert column_of(rows, "late", "decision") == []
    assert detail["left_out"]["late"] == "campaign_plans has it, campaigns has it from 2024-06-02 on"
    assert detail["left_out"]["broken"] == (
        "its plan breaks the contract (negative:budget_amount), and campaigns has it from 2024-06-02 on"
    )


def test_a_plan_that_holds_everybody_out_is_refused(tmp_path: Path) -> None:
    plans = [{**TABLES["campaign_plans"][0], "holdout_pct": 100}]
    with pytest.raises(InvalidSetting, match="Got a holdout of 100 % for campaign 'planned'"):
        decide_targets(tmp_path, tables={**TABLES, "campaign_plans": plans})
