"""What ``nightmarket measure campaign`` refuses, and how the night and the report say why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ml.exported_campaign import (
    AFTER,
    END,
    Exported,
    export,
    nightmarket,
    run,
    served,
)

from nightmarket.errors import CampaignNotMeasurable
from nightmarket.io.night import Night
from nightmarket.modeling.measuring.trial import Trial, validate_sizes
from nightmarket.steps.measure import measure_closed_campaigns


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    return export(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("delivered", "said"),
    [
        ({"sent": 0.0}, "no contact came back of those who were to be contacted. Deliver them in campaign_contacts;"),
        ({"contacted_on": END + timedelta(days=1)}, f"every contact is dated after its end on {END}. Deliver the days"),
    ],
)
def test_the_night_returns_what_it_could_not_measure_and_why(
    exported: Exported, delivered: dict[str, Any], said: str
) -> None:
    exported.deliver(**delivered)
    line = nightmarket("land", "--as-of", str(AFTER))
    closed = measure_closed_campaigns(exported.settings, Night(exported.settings, AFTER, line["snapshot_id"]))
    assert closed.results.num_rows == 0
    assert set(closed.not_measured) == {"spring"}
    described = closed.not_measured["spring"].describe()
    assert described["end_date"] == str(END)
    assert described["reason"].startswith(said)


def test_an_arm_that_is_too_small_says_in_plain_words_what_to_do() -> None:
    flags = np.array([True] * 40 + [False] * 3)
    trial = Trial(flags, None, np.zeros(43), np.zeros((43, 2)))
    with pytest.raises(CampaignNotMeasurable) as refused:
        validate_sizes(trial, "small")
    assert refused.value.plain == (
        "3 customers were held out, and an interval needs at least 30. Raise holdout_pct in campaign_plans for the "
        "next campaign, or contact more customers."
    )


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        ("summer", "Got campaign 'summer' but expected one that was known before 2024-07-01: long, spring, undealt."),
        ("undealt", "Got campaign 'undealt' with 0 customers dealt by decisions.campaign_targets, of whom 0 held out"),
        ("long", "Got campaign 'long' that runs from 2024-06-05 through 2024-08-01 at 2024-07-01"),
    ],
)
def test_what_cannot_be_measured_is_refused_and_the_store_stays(exported: Exported, campaign: str, said: str) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    result = run("measure", "campaign", campaign)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"CampaignNotMeasurable: {said}")
    assert served(exported, "select count(*) from ops.campaign_results_history") == [(0,)]


def test_a_campaign_that_was_never_sent_is_refused(exported: Exported) -> None:
    exported.deliver(sent=0.0)
    nightmarket("land", "--as-of", str(AFTER))
    result = run("measure", "campaign", "spring")
    assert result.exit_code == 2
    assert f"without a contact of the {exported.is_treated.sum()} customers" in result.stderr


def test_a_campaign_whose_contacts_all_came_after_its_end_is_refused_for_that(exported: Exported) -> None:
    exported.deliver(contacted_on=END + timedelta(days=1))
    nightmarket("land", "--as-of", str(AFTER))
    result = run("measure", "campaign", "spring")
    assert result.exit_code == 2
    n_treated = exported.is_treated.sum()
    assert (
        f"with {n_treated} of the {n_treated} customers that it was decided to contact contacted after its end on "
        in result.stderr
    )
    assert f"after its end on {END}, and none before, but expected some up to that day." in result.stderr
    assert "Deliver the days on which they were contacted" in result.stderr


def test_a_night_that_was_not_landed_is_refused(exported: Exported) -> None:
    result = run("measure", "campaign", "spring", "--as-of", "2024-12-01")
    assert result.exit_code == 2
    assert "Got the night 2024-12-01 but expected one that was landed; the newest is 2024-06-01." in result.stderr
