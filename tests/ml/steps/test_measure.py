"""``nightmarket measure campaign`` from an export: dealt and published, sent, bought, landed again, measured."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.ml.exported_campaign import (
    AFTER,
    LIFT,
    LINES,
    Exported,
    N,
    export,
    nightmarket,
    publish,
    run,
    served,
)
from tests.ml.simulated_shop import NIGHT

from nightmarket.io.night import Night
from nightmarket.steps.measure import measure_closed_campaigns


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    return export(tmp_path, monkeypatch)


def test_a_campaign_is_measured_by_what_its_customers_then_did(exported: Exported) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    result = run("measure", "campaign", "spring")
    line = json.loads(result.stdout.splitlines()[-1])
    seen, treated = exported.customers, exported.is_treated
    anyway = seen.answers_held_out
    response, revenue = line["results"]["response"], line["results"]["revenue"]
    assert (line["campaign_id"], line["as_of_date"], line["rows"]) == ("spring", str(AFTER), 2)
    assert (response["n_treated"], response["n_holdout"]) == (treated.sum(), exported.is_held_out.sum())
    assert response["treated_mean"] == pytest.approx(seen.answers_contacted[treated].mean())
    assert revenue["holdout_mean"] == pytest.approx(seen.revenue_held_out[~treated].mean(), abs=0.01)
    assert revenue["effect_low"] < LIFT < revenue["effect_high"]
    assert response["effect_low"] < (seen.answers_contacted & ~anyway).mean() < response["effect_high"]
    assert {response["verdict"], revenue["verdict"]} == {"increase"}
    assert revenue["variance_reduction_pct"] > 20
    assert revenue["cost_amount"] == pytest.approx(0.5 * treated.sum())
    assert (response["n_treated_contacted"], response["n_holdout_contacted"]) == (treated.sum(), 0)
    assert "held out by lot" in result.stderr
    assert ": as planned" in result.stderr
    assert served(exported, "select measure, effect from ops.campaign_results order by measure") == [
        ("response", response["effect"]),
        ("revenue", revenue["effect"]),
    ]


def test_an_order_that_arrives_later_does_not_change_what_an_earlier_night_measures(exported: Exported) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    before = nightmarket("measure", "campaign", "spring", "--as-of", str(AFTER))["results"]
    lucky = exported.customers.customer_ids[int(np.flatnonzero(exported.is_treated)[0])]
    exported.write(
        "order_lines_2024-07-03.csv",
        f"{LINES}late,late,{lucky},tea,2024-06-20 10:00:00,1,90000.00,2024-07-02 10:00:00\n",
    )
    exported.write("_COMPLETE", "2024-07-02")
    nightmarket("land", "--as-of", "2024-07-03")
    assert nightmarket("measure", "campaign", "spring", "--as-of", str(AFTER))["results"] == before
    after = nightmarket("measure", "campaign", "spring")["results"]
    assert after["revenue"]["treated_mean"] > before["revenue"]["treated_mean"] + 50
    assert after["response"]["effect"] == before["response"]["effect"]
    # Only the night's own rows were replaced.
    assert served(exported, "select count(*), count(distinct as_of_date) from ops.campaign_results_history") == [(4, 2)]


def test_plans_before_the_one_that_was_sent_change_nothing(exported: Exported) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    before = nightmarket("measure", "campaign", "spring")["results"]
    # A week of plans of which each has a tenth that the sent list does not have, and lacks as many that it has.
    random = np.random.default_rng(1)
    for day in range(1, 8):
        swapped = random.random(N) < 0.1
        listed = np.where(swapped, ~exported.is_treated, exported.is_treated) & ~exported.is_held_out
        publish(exported, NIGHT - timedelta(days=day), listed=listed)
    after = nightmarket("measure", "campaign", "spring")["results"]
    assert after == before
    assert after["revenue"]["n_treated"] == exported.is_treated.sum()


@pytest.mark.parametrize(("sent", "leaked"), [(0.02, 0.0), (0.7, 0.0), (1.0, 0.1)])
def test_a_campaign_that_was_not_sent_as_decided_claims_nothing_and_says_so(
    exported: Exported, sent: float, leaked: float
) -> None:
    exported.deliver(sent=sent, leaked=leaked)
    nightmarket("land", "--as-of", str(AFTER))
    result = run("measure", "campaign", "spring")
    line = json.loads(result.stdout.splitlines()[-1])
    assert {row["verdict"] for row in line["results"].values()} == {"not sent as decided"}
    response = line["results"]["response"]
    assert response["cost_amount"] == pytest.approx(0.5 * response["n_treated_contacted"])
    assert not any(row["is_significant"] for row in line["results"].values())
    assert "NOT as decided" in result.stderr
    assert f"as the list of {NIGHT} dealt them" in result.stderr


def test_what_is_decided_after_the_list_was_sent_changes_nothing(exported: Exported) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    before = nightmarket("measure", "campaign", "spring")["results"]
    publish(exported, date(2024, 6, 10), is_done=True)
    assert nightmarket("measure", "campaign", "spring")["results"] == before


def test_who_was_contacted_before_any_lot_is_not_of_the_trial(exported: Exported) -> None:
    exported.deliver()
    nightmarket("land", "--as-of", str(AFTER))
    publish(exported, date(2024, 5, 31), is_done=True)
    result = run("measure", "campaign", "spring")
    assert result.exit_code == 2
    assert "with 0 customers dealt" in result.stderr


def test_the_night_measures_what_is_over(exported: Exported) -> None:
    exported.deliver()
    line = nightmarket("land", "--as-of", str(AFTER))
    closed = measure_closed_campaigns(exported.settings, Night(exported.settings, AFTER, line["snapshot_id"]))
    assert closed.not_measured == {}
    by_hand = nightmarket("measure", "campaign", "spring")["results"]
    assert [row["effect"] for row in closed.results.to_pylist()] == [
        by_hand["response"]["effect"],
        by_hand["revenue"]["effect"],
    ]


def test_a_night_before_the_campaign_is_over_measures_nothing(exported: Exported) -> None:
    night = next(Night(exported.settings, NIGHT, path.name) for path in exported.settings.nights_dir.glob("*/*"))
    closed = measure_closed_campaigns(exported.settings, night)
    assert (closed.results.num_rows, closed.not_measured) == (0, {})
