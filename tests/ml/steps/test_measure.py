"""``nightmarket measure campaign`` from an export: dealt and published, sent, bought, landed again, measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.ml.simulated_shop import NIGHT, Customers, decide, draw_customers

from nightmarket.cli import main
from nightmarket.decisions.targets.table import TABLE
from nightmarket.errors import CampaignNotMeasurable
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving import StagedTable, open_serving, publish_night
from nightmarket.modeling.measuring.trial import Trial, validate_sizes
from nightmarket.settings import Settings, load_settings
from nightmarket.steps.measure import measure_closed_campaigns

N, LIFT = 1500, 60.0
START, END, AFTER = date(2024, 6, 5), date(2024, 6, 25), date(2024, 7, 1)
LINES = "order_line_id,order_id,customer_id,product_id,ordered_at,quantity,sales_amount,arrived_at\n"
OLD_LINE = "old,old,someone,tea,2023-06-01 10:00:00,1,5,2023-06-01 10:00:00\n"
"""A shop has to have a history before a night of it can be landed."""


def _shop() -> Customers:
    """Return a shop where a contact makes a third of the customers answer and everybody spend 60 more."""
    customers = draw_customers(N, seed=7)
    persuaded = np.random.default_rng(8).random(N) < 1 / 3
    return replace(
        customers,
        answers_contacted=customers.answers_held_out | persuaded,
        revenue_contacted=customers.revenue_held_out + LIFT,
    )


@dataclass(frozen=True)
class Exported:
    """An export folder beside its var, and who was dealt which arm."""

    folder: Path
    customers: Customers
    is_treated: np.ndarray
    is_held_out: np.ndarray

    @property
    def settings(self) -> Settings:
        return load_settings()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def deliver(self, *, sent: float = 1.0, leaked: float = 0.0, contacted_on: date = START) -> None:
        """Export what came of the campaign, and say that the source is complete through the end of June.

        Of those to be contacted the share ``sent`` was, and of those held out the share ``leaked``.
        """
        is_sent = self.is_treated & (np.cumsum(self.is_treated) <= sent * self.is_treated.sum())
        is_sent |= self.is_held_out & (np.cumsum(self.is_held_out) <= leaked * self.is_held_out.sum())
        seen = self.customers
        revenue = np.where(self.is_treated, seen.revenue_contacted, seen.revenue_held_out)
        answers = np.where(self.is_treated, seen.answers_contacted, seen.answers_held_out)
        dealt = zip(seen.customer_ids, revenue, answers, is_sent, strict=True)
        lines, contacts, responses = [LINES], ["campaign_id,customer_id,contact_date\n"], []
        for number, (customer, spent, has_answered, has_contact) in enumerate(dealt):
            if spent > 0:
                at = "2024-06-20 10:00:00"
                lines.append(f"n{number},m{number},{customer},tea,{at},1,{spent:.2f},{at}\n")
            # After the campaign is over, too late to be counted.
            lines.append(f"z{number},y{number},{customer},tea,2024-06-28 10:00:00,1,500,2024-06-28 10:00:00\n")
            if has_contact:
                contacts.append(f"spring,{customer},{contacted_on}\n")
            if has_answered:
                responses.append(f"spring,{customer},,2024-06-20\n")
        self.write("order_lines_2024-07-01.csv", "".join(lines))
        self.write("campaign_contacts.csv", "".join(contacts) + f"other,{seen.customer_ids[0]},{START}\n")
        self.write("campaign_responses.csv", "campaign_id,customer_id,coupon_id,response_date\n" + "".join(responses))
        self.write("_COMPLETE", "2024-06-30")


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """A shop landed on 2024-06-01 whose campaign of June is dealt and published, a tenth of the customers held out."""
    folder = tmp_path / "export"
    folder.mkdir()
    environment = {"SOURCE": "files", "SOURCE_PATH": folder, "VAR_DIR": tmp_path / "var", "CURRENCY": "EUR"}
    for name, value in {**environment, "THREADS": 1, "TIMEZONE": "UTC"}.items():
        monkeypatch.setenv(f"NIGHTMARKET_{name}", str(value))
    customers = _shop()
    choice = decide(customers, salt="salt")
    shop = Exported(folder, customers, choice.is_contacted, choice.is_held_out)
    before = [
        f"l{number}{visit},o{number}{visit},{customer},tea,2024-05-{10 + visit} 10:00:00,1,{spent / visits:.2f},"
        f"2024-05-{10 + visit} 10:00:00\n"
        for number, (customer, spent, visits) in enumerate(
            zip(customers.customer_ids, customers.spend, np.minimum(customers.visits, 9), strict=True)
        )
        for visit in range(int(visits))
    ]
    shop.write("products.csv", "product_id,product_name,category_id\ntea,Green tea,tea\n")
    shop.write("order_lines.csv", LINES + OLD_LINE + "".join(before))
    shop.write(
        "campaigns.csv",
        f"campaign_id,start_date,end_date\nspring,{START},{END}\nundealt,2024-04-01,2024-04-20\nlong,{START},2024-08-01\n",
    )
    shop.write("_COMPLETE", "2024-05-31")
    _nightmarket("land", "--as-of", str(NIGHT))
    _publish(shop)
    return shop


def _nightmarket(*arguments: str) -> dict[str, Any]:
    result = _run(*arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def _publish(shop: Exported, as_of: date = NIGHT, *, is_done: bool = False, listed: np.ndarray | None = None) -> None:
    """Publish what the policy decided, as the night does.

    ``is_done``: everybody was contacted before. ``listed``: whom this night would contact, in place of the sent list.
    """
    import pyarrow as pa

    is_listed = shop.is_treated if listed is None else listed
    decision = np.where(is_listed | is_done, "contact", np.where(shop.is_held_out, "hold out", "leave alone"))
    types = {"VARCHAR": pa.string(), "DATE": pa.date32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
    values: dict[str, Any] = {
        "campaign_id": ["spring"] * N,
        "customer_id": shop.customers.customer_ids,
        "as_of_date": [as_of] * N,
        "decision": decision.tolist(),
        "cost_amount": [0.5] * N,
        "holdout_share": [0.0 if is_done else 0.1] * N,
    }
    columns = [pa.array(values.get(column.name, [None] * N), types[column.type]) for column in TABLE.columns]
    night = next(Night(shop.settings, NIGHT, path.name) for path in (shop.settings.nights_dir / str(NIGHT)).iterdir())
    path = night.staged_path(TABLE.name)
    write_scored_rows(path, pa.table(columns, names=[column.name for column in TABLE.columns]))
    publish_night(
        shop.settings,
        as_of=as_of,
        snapshot_id=night.snapshot_id,
        staged={
            TABLE.name: StagedTable(
                path, sha256_of_file(path), "campaign_targets", "run", "campaign_targets/2", "policy"
            )
        },
        verdict="passed",
        checks={},
        steps={},
    )


def _served(shop: Exported, query: str) -> list[tuple[Any, ...]]:
    connection = open_serving(shop.settings)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_campaign_is_measured_by_what_its_customers_then_did(exported: Exported) -> None:
    exported.deliver()
    _nightmarket("land", "--as-of", str(AFTER))
    result = _run("measure", "campaign", "spring")
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
    assert _served(exported, "select measure, effect from ops.campaign_results order by measure") == [
        ("response", response["effect"]),
        ("revenue", revenue["effect"]),
    ]


def test_an_order_that_arrives_later_does_not_change_what_an_earlier_night_measures(exported: Exported) -> None:
    exported.deliver()
    _nightmarket("land", "--as-of", str(AFTER))
    before = _nightmarket("measure", "campaign", "spring", "--as-of", str(AFTER))["results"]
    lucky = exported.customers.customer_ids[int(np.flatnonzero(exported.is_treated)[0])]
    exported.write(
        "order_lines_2024-07-03.csv",
        f"{LINES}late,late,{lucky},tea,2024-06-20 10:00:00,1,90000.00,2024-07-02 10:00:00\n",
    )
    exported.write("_COMPLETE", "2024-07-02")
    _nightmarket("land", "--as-of", "2024-07-03")
    assert _nightmarket("measure", "campaign", "spring", "--as-of", str(AFTER))["results"] == before
    after = _nightmarket("measure", "campaign", "spring")["results"]
    assert after["revenue"]["treated_mean"] > before["revenue"]["treated_mean"] + 50
    assert after["response"]["effect"] == before["response"]["effect"]
    # Only the night's own rows were replaced.
    assert _served(exported, "select count(*), count(distinct as_of_date) from ops.campaign_results_history") == [
        (4, 2)
    ]


def test_plans_before_the_one_that_was_sent_change_nothing(exported: Exported) -> None:
    exported.deliver()
    _nightmarket("land", "--as-of", str(AFTER))
    before = _nightmarket("measure", "campaign", "spring")["results"]
    # A week of plans of which each has a tenth that the sent list does not have, and lacks as many that it has.
    random = np.random.default_rng(1)
    for day in range(1, 8):
        swapped = random.random(N) < 0.1
        listed = np.where(swapped, ~exported.is_treated, exported.is_treated) & ~exported.is_held_out
        _publish(exported, NIGHT - timedelta(days=day), listed=listed)
    after = _nightmarket("measure", "campaign", "spring")["results"]
    assert after == before
    assert after["revenue"]["n_treated"] == exported.is_treated.sum()


@pytest.mark.parametrize(("sent", "leaked"), [(0.02, 0.0), (0.7, 0.0), (1.0, 0.1)])
def test_a_campaign_that_was_not_sent_as_decided_claims_nothing_and_says_so(
    exported: Exported, sent: float, leaked: float
) -> None:
    exported.deliver(sent=sent, leaked=leaked)
    _nightmarket("land", "--as-of", str(AFTER))
    result = _run("measure", "campaign", "spring")
    line = json.loads(result.stdout.splitlines()[-1])
    assert {row["verdict"] for row in line["results"].values()} == {"not sent as decided"}
    response = line["results"]["response"]
    assert response["cost_amount"] == pytest.approx(0.5 * response["n_treated_contacted"])
    assert not any(row["is_significant"] for row in line["results"].values())
    assert "NOT as decided" in result.stderr
    assert f"as the list of {NIGHT} dealt them" in result.stderr


def test_what_is_decided_after_the_list_was_sent_changes_nothing(exported: Exported) -> None:
    exported.deliver()
    _nightmarket("land", "--as-of", str(AFTER))
    before = _nightmarket("measure", "campaign", "spring")["results"]
    _publish(exported, date(2024, 6, 10), is_done=True)
    assert _nightmarket("measure", "campaign", "spring")["results"] == before


def test_who_was_contacted_before_any_lot_is_not_of_the_trial(exported: Exported) -> None:
    exported.deliver()
    _nightmarket("land", "--as-of", str(AFTER))
    _publish(exported, date(2024, 5, 31), is_done=True)
    result = _run("measure", "campaign", "spring")
    assert result.exit_code == 2
    assert "with 0 customers dealt" in result.stderr


def test_the_night_measures_what_is_over(exported: Exported) -> None:
    exported.deliver()
    line = _nightmarket("land", "--as-of", str(AFTER))
    closed = measure_closed_campaigns(exported.settings, Night(exported.settings, AFTER, line["snapshot_id"]))
    assert closed.not_measured == {}
    by_hand = _nightmarket("measure", "campaign", "spring")["results"]
    assert [row["effect"] for row in closed.results.to_pylist()] == [
        by_hand["response"]["effect"],
        by_hand["revenue"]["effect"],
    ]


def test_a_night_before_the_campaign_is_over_measures_nothing(exported: Exported) -> None:
    night = next(Night(exported.settings, NIGHT, path.name) for path in exported.settings.nights_dir.glob("*/*"))
    closed = measure_closed_campaigns(exported.settings, night)
    assert (closed.results.num_rows, closed.not_measured) == (0, {})


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
    line = _nightmarket("land", "--as-of", str(AFTER))
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
    _nightmarket("land", "--as-of", str(AFTER))
    result = _run("measure", "campaign", campaign)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"CampaignNotMeasurable: {said}")
    assert _served(exported, "select count(*) from ops.campaign_results_history") == [(0,)]


def test_a_campaign_that_was_never_sent_is_refused(exported: Exported) -> None:
    exported.deliver(sent=0.0)
    _nightmarket("land", "--as-of", str(AFTER))
    result = _run("measure", "campaign", "spring")
    assert result.exit_code == 2
    assert f"without a contact of the {exported.is_treated.sum()} customers" in result.stderr


def test_a_campaign_whose_contacts_all_came_after_its_end_is_refused_for_that(exported: Exported) -> None:
    exported.deliver(contacted_on=END + timedelta(days=1))
    _nightmarket("land", "--as-of", str(AFTER))
    result = _run("measure", "campaign", "spring")
    assert result.exit_code == 2
    n_treated = exported.is_treated.sum()
    assert (
        f"with {n_treated} of the {n_treated} customers that it was decided to contact contacted after its end on "
        in result.stderr
    )
    assert f"after its end on {END}, and none before, but expected some up to that day." in result.stderr
    assert "Deliver the days on which they were contacted" in result.stderr


def test_a_night_that_was_not_landed_is_refused(exported: Exported) -> None:
    result = _run("measure", "campaign", "spring", "--as-of", "2024-12-01")
    assert result.exit_code == 2
    assert "Got the night 2024-12-01 but expected one that was landed; the newest is 2024-06-01." in result.stderr
