"""A shop whose earlier campaign was sent as decided learns whom a contact changes, and contacts them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ml.landed_campaigns import AS_OF, land, stage

from nightmarket.decisions.targets.table import POLICY_VERSION, TABLE
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.dealt_campaigns import DealtCampaigns
from nightmarket.io.night import Night
from nightmarket.io.serving.catalog import Catalog, PublishedFile, write_catalog
from nightmarket.settings import Settings
from nightmarket.steps import decide
from nightmarket.steps.deciding.campaign_uplift import _of_one_share

N = 2400
EARLIER = date(2024, 4, 1)
"""The last night that decided on the earlier campaign, which ran for three weeks from then."""
FIRST = date(2024, 3, 30)
"""The first one: those that it had contacted before the start were not dealt again."""


def _draw(effect: float) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Return customers, their probability to respond, who was contacted, and what they spent meanwhile.

    Who is likely to respond spends 40 anyway; of the others, a contact brings ``effect`` more.
    """
    random = np.random.default_rng(11)
    probability = np.round(random.uniform(0.02, 0.9, N), 3)
    is_treated = random.random(N) < 0.6
    spent = random.gamma(4.0, 2.0, N) + 40 * (probability > 0.5) + effect * ((probability <= 0.5) & is_treated)
    return [f"c{number:04d}" for number in range(N)], probability, is_treated, np.round(spent, 2)


def publish(
    settings: Settings,
    customers: list[str],
    probability: np.ndarray,
    is_treated: np.ndarray,
    sent_before: dict[date, np.ndarray],
) -> None:
    """Serve what each night decided for the earlier campaign: to leave alone whom an earlier night had contacted."""
    tables = settings.serving_dir / "tables"
    tables.mkdir(parents=True)
    files = {}
    for night, is_sent in sent_before.items():
        values = {
            "campaign_id": "'earlier'",
            "customer_id": "customer_id",
            "as_of_date": f"date '{night}'",
            "decision": "case when is_sent then 'leave alone' when is_treated then 'contact' else 'hold out' end",
            "response_probability": "probability",
            "holdout_share": "0.4",
            "policy_version": f"'{POLICY_VERSION}'",
        }
        columns = ", ".join(f"cast({values.get(o.name, 'null')} as {o.type}) as {o.name}" for o in TABLE.columns)
        path = tables / f"{night}.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                "create table dealt (customer_id varchar, probability double, is_treated boolean, is_sent boolean)"
            )
            rows = zip(customers, probability.tolist(), is_treated.tolist(), is_sent.tolist(), strict=True)
            connection.executemany("insert into dealt values (?, ?, ?, ?)", [list(row) for row in rows])
            connection.execute(f"copy (select {columns} from dealt) to '{path}' (format parquet)")
        files[night] = PublishedFile(f"tables/{night}.parquet", sha256_of_file(path), N)
    folder = settings.serving_dir / "generations" / "1"
    folder.mkdir(parents=True)
    (folder / "serving.duckdb").touch()
    write_catalog(folder, Catalog(str(settings.serving_dir), {TABLE.name: files}))
    (settings.serving_dir / "serving.duckdb").symlink_to("generations/1/serving.duckdb")


def _line(number: int, customer: str, day: str, amount: float) -> dict[str, Any]:
    return {
        "order_line_id": f"{day}-{number}",
        "order_id": f"{day}-{number}",
        "customer_id": customer,
        "product_id": "tea",
        "ordered_at": day,
        "order_date": day,
        "quantity": 1,
        "sales_amount": amount,
        "is_cancelled": False,
        "arrived": day,
    }


def _decide(
    folder: Path,
    *,
    is_sent: bool,
    is_dealt_twice: bool = False,
    dropped_share: float = 0.0,
    ended: str = "2024-04-21",
    effect: float = 20.0,
    contact_date: date = EARLIER,
    next_costs: dict[str, float] | None = None,
) -> tuple[dict[str, Any], Any]:
    """Return what a night records and decides of campaigns to come (``next_costs``: of a contact, by campaign)."""
    coming = next_costs or {"next": 0.5}
    settings = Settings(_env_file=None, var_dir=folder / "var", threads=1)
    customers, probability, is_treated, spent = _draw(effect)
    long_before, before = np.random.default_rng(5).gamma(4.0, 5.0, (2, N)).round(2)
    # Whom the first night would have contacted and the one that was sent would not.
    is_dropped = is_treated & (np.random.default_rng(6).random(N) < dropped_share)
    contacted = is_treated & ~is_dropped if is_sent else np.zeros(N, bool)
    tables: dict[str, list[dict[str, Any]]] = {
        "campaigns": [
            {"campaign_id": "earlier", "start_date": str(EARLIER), "end_date": ended, "arrived": "2024-03-01"},
            *(
                {"campaign_id": one, "start_date": "2024-06-05", "end_date": "2024-06-25", "arrived": "2024-05-01"}
                for one in coming
            ),
        ],
        "campaign_plans": [
            {
                "campaign_id": one,
                "budget_amount": 100,
                "cost_per_contact_amount": cost,
                "value_per_response_amount": 10,
                "margin_pct": 40,
            }
            for one, cost in coming.items()
        ],
        "campaign_contacts": [
            {
                "campaign_id": "earlier",
                "customer_id": one,
                "contact_date": str(contact_date),
                "arrived": str(contact_date),
            }
            for one, sent in zip(customers, contacted, strict=True)
            if sent
        ]
        + [{"campaign_id": "other", "customer_id": "c0000", "contact_date": "2024-01-01"}],
        "order_lines": [_line(n, one, "2024-02-10", float(long_before[n])) for n, one in enumerate(customers)]
        + [_line(n, one, "2024-03-20", float(before[n])) for n, one in enumerate(customers)]
        + [_line(n, one, "2024-04-10", float(spent[n])) for n, one in enumerate(customers)],
    }
    night = Night(settings, AS_OF, land(settings, tables).snapshot_id)
    stage(night, {one: dict(zip(customers, probability.tolist(), strict=True)) for one in coming}, [])
    sent_before = {EARLIER: np.zeros(N, bool)}
    if dropped_share:
        sent_before = {FIRST: np.zeros(N, bool), EARLIER: is_dropped}
    if is_dealt_twice:
        # The best are sent to at once: without them the rest of that arm is not like those held out.
        sent_before = {FIRST: np.zeros(N, bool), EARLIER: is_treated & (spent > 25)}
    publish(settings, customers, probability, is_treated, sent_before)
    result = decide.run(settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
    rows = pq.read_table(night.staged_path(TABLE.name), partitioning=None)
    return result.detail, rows


@pytest.mark.timeout(120)
def test_whom_a_contact_changes_is_contacted_once_it_is_proven(tmp_path: Path) -> None:
    detail, rows = _decide(tmp_path, is_sent=True)
    assert detail["uplift"]["is_proven"], detail["uplift"]["reason"]
    assert set(rows["value_basis"].to_pylist()) == {"uplift"}
    probability = rows["response_probability"].to_numpy()
    contacted = np.array(rows["decision"].to_pylist()) == "contact"
    # The budget pays 200; those likely to respond would have spent their 40 anyway.
    assert contacted.sum() == 200
    assert (probability[contacted] <= 0.5).mean() > 0.95
    amounts = rows["expected_incremental_amount"].to_numpy()
    assert amounts[probability < 0.45].mean() == pytest.approx(20, abs=3)
    assert detail["reads"][f"decisions.campaign_targets of {EARLIER}"]


@pytest.mark.timeout(120)
def test_a_trial_too_small_to_tell_ends_no_campaign_that_may_still_pay(tmp_path: Path) -> None:
    detail, rows = _decide(tmp_path, is_sent=True, effect=0.0, next_costs={"cheap": 0.1, "dear": 3.9})
    of = np.array(rows["campaign_id"].to_pylist())
    basis, decision = np.array(rows["value_basis"].to_pylist()), np.array(rows["decision"].to_pylist())
    # A cheap contact has to bring .25 of sales, which the interval holds: the next lots may say.
    assert set(basis[of == "cheap"]) == {"response, not proven incremental"}
    assert set(decision[of == "cheap"]) == {"contact", "hold out", "leave alone"}
    # A dear one has to bring 9.75, and even the top of the interval is far below.
    assert set(basis[of == "dear"]) == {"uplift"}
    assert set(decision[of == "dear"]) == {"leave alone"}
    said = str(np.array(rows["reason"].to_pylist())[of == "dear"][0])
    assert "(by the holdouts of earlier campaigns a contact brings " in said
    assert detail["uplift"]["proven_for"] == ["dear"]
    assert "Not proven either way: the average effect on sales is" in detail["uplift"]["reason"]


@pytest.mark.timeout(120)
def test_who_was_sent_to_by_an_earlier_night_stays_in_the_arm_that_it_dealt(tmp_path: Path) -> None:
    detail, rows = _decide(tmp_path, is_sent=True, is_dealt_twice=True)
    assert detail["uplift"]["is_proven"], detail["uplift"]["reason"]
    assert detail["uplift"]["nights_read"] == [str(FIRST)]
    probability, amounts = rows["response_probability"].to_numpy(), rows["expected_incremental_amount"].to_numpy()
    assert amounts[probability < 0.45].mean() == pytest.approx(20, abs=3)


@pytest.mark.timeout(120)
def test_a_plan_that_was_dropped_before_the_campaign_was_sent_is_not_held_against_it(tmp_path: Path) -> None:
    detail, _ = _decide(tmp_path, is_sent=True, dropped_share=0.3)
    assert detail["uplift"]["is_proven"], detail["uplift"]["campaigns_not_used"]
    assert detail["uplift"]["nights_read"] == [str(EARLIER)]


def test_a_trial_of_years_ago_proves_nothing_any_more(tmp_path: Path) -> None:
    detail, _ = _decide(tmp_path, is_sent=True, ended="2022-06-03")
    assert detail["uplift"]["reason"].startswith("no campaign that was decided on before its start is over")


@pytest.mark.parametrize(("holdout_pct", "is_warned"), [(10.0, True), (40.0, False)])
def test_a_holdout_that_is_lowered_once_contacts_were_made_is_warned_of(
    tmp_path: Path, holdout_pct: float, *, is_warned: bool
) -> None:
    settings = Settings(_env_file=None, var_dir=tmp_path / "var", threads=1, holdout_pct=holdout_pct)
    tables = {
        "campaigns": [{"campaign_id": "earlier", "start_date": "2024-05-20", "end_date": "2024-06-20"}],
        "campaign_contacts": [{"campaign_id": "earlier", "customer_id": "c1", "contact_date": "2024-05-20"}],
    }
    night = Night(settings, AS_OF, land(settings, tables).snapshot_id)
    stage(night, {"earlier": {"c1": 0.9, "c2": 0.9}}, [])
    published = date(2024, 5, 20)
    publish(settings, ["c1"], np.array([0.9]), np.array([True]), {published: np.array([False])})
    result = decide.run(settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
    notes = result.detail["campaigns"]["earlier"]["notes"]
    assert any(note.startswith("holdout lowered from 40 to 10 %") for note in notes) is is_warned
    assert f"decisions.campaign_targets of {published}" in result.detail["reads"]


def test_a_campaign_that_was_not_sent_as_decided_proves_nothing(tmp_path: Path) -> None:
    detail, rows = _decide(tmp_path, is_sent=False)
    assert detail["uplift"] == {
        "is_proven": False,
        "proven_for": [],
        "reason": "no campaign that is over was sent as decided",
        "nights_read": [str(EARLIER)],
        "campaigns_not_used": {
            "earlier": "not sent as decided: 0.0 % of those to be contacted and 0.0 % of those held out have a contact "
            "up to its end"
        },
    }
    assert set(rows["value_basis"].to_pylist()) == {"response, not proven incremental"}
    assert rows["expected_incremental_amount"].null_count == N
    contacted = np.array(rows["decision"].to_pylist()) == "contact"
    assert (rows["response_probability"].to_numpy()[contacted] > 0.5).all()


def test_contacts_after_the_end_of_a_campaign_make_no_trial_of_it(tmp_path: Path) -> None:
    detail, _ = _decide(tmp_path, is_sent=True, contact_date=date(2024, 4, 22))
    assert not detail["uplift"]["is_proven"]
    n_contacted = int(_draw(20.0)[2].sum())
    assert detail["uplift"]["campaigns_not_used"] == {
        "earlier": "not sent as decided: 0.0 % of those to be contacted and 0.0 % of those held out have a contact "
        f"up to its end, and {n_contacted} after it"
    }


@pytest.mark.timeout(120)
def test_contacts_on_the_last_day_of_a_campaign_are_of_it(tmp_path: Path) -> None:
    detail, _ = _decide(tmp_path, is_sent=True, contact_date=date(2024, 4, 21))
    assert detail["uplift"]["is_proven"], detail["uplift"]["campaigns_not_used"]


def test_every_campaign_of_another_holdout_share_is_named_with_the_reason() -> None:
    dealt = [("tenth", 0.1)] * 80 + [("also a tenth", 0.1)] * 20 + [("fifth", 0.2)] * 50 + [("hundredth", 0.01)] * 900
    rows = pa.table({"campaign_id": [one for one, _ in dealt], "holdout_share": [share for _, share in dealt]})
    kept, not_used = _of_one_share(DealtCampaigns(rows, {}, {"unsent": "not sent as decided"}))
    # 100 x .1 x .9 says more than 50 x .2 x .8 and than 900 x .01 x .99.
    assert set(kept["campaign_id"].to_pylist()) == {"tenth", "also a tenth"}
    assert list(not_used) == ["fifth", "hundredth", "unsent"]
    assert not_used["unsent"] == "not sent as decided"
    assert not_used["fifth"] == (
        "dealt with 20 % held out and not with 10 %, by which there is most to compare: "
        "arms of several shares are not one lottery"
    )
