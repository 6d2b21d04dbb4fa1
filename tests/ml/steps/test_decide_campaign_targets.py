"""``nightmarket decide campaign_targets`` on a tiny landed shop: from staged scores to staged decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ml.landed_campaigns import AS_OF, land, stage

from nightmarket.errors import InvalidSetting, StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.serving.staged import validate_staged
from nightmarket.settings import Settings
from nightmarket.steps import decide

CUSTOMERS = {f"c{number}": 0.9 - number / 20 for number in range(8)}
STOCK = [
    {"product_id": "tea", "demand_units": 10.0, "unit_price_amount": 4.0, "lead_time_days": 7},
    {"product_id": "jam", "demand_units": 30.0, "unit_price_amount": 4.0, "lead_time_days": 7},
]
TABLES: dict[str, list[dict[str, Any]]] = {
    "campaigns": [
        {"campaign_id": "running", "start_date": "2024-05-20", "end_date": "2024-06-10", "arrived": "2024-05-01"},
        {"campaign_id": "planned", "start_date": "2024-06-05", "end_date": "2024-06-30", "arrived": "2024-05-20"},
        {"campaign_id": "over", "start_date": "2024-03-01", "end_date": "2024-05-31", "arrived": "2024-02-01"},
        {"campaign_id": "far", "start_date": "2024-09-01", "end_date": "2024-09-30", "arrived": "2024-05-01"},
        {"campaign_id": "unscored", "start_date": "2024-06-05", "end_date": "2024-06-30", "arrived": "2024-05-01"},
    ],
    "campaign_plans": [
        {
            "campaign_id": "planned",
            "budget_amount": 1,
            "cost_per_contact_amount": 0.25,
            "value_per_response_amount": 10,
            "margin_pct": 40,
            "holdout_pct": 1,
        },
        {"campaign_id": "over", "budget_amount": 5},
        {"campaign_id": "typo", "budget_amount": 5},
    ],
    "campaign_products": [
        {"campaign_id": "planned", "coupon_id": "", "product_id": product} for product in ("tea", "jam")
    ]
    + [{"campaign_id": "running", "coupon_id": "", "product_id": "tea"}],
    "campaign_contacts": [
        {"campaign_id": "running", "customer_id": "c0", "contact_date": "2024-05-20", "arrived": "2024-05-20"}
    ],
}


def _decided(
    folder: Path,
    *,
    stock: list[dict[str, Any]] = STOCK,
    tables: dict[str, list[dict[str, Any]]] = TABLES,
    quarantined: list[dict[str, str]] | None = None,
    **changed: Any,
) -> tuple[Night, dict[str, Any], list[dict[str, Any]]]:
    import pyarrow.parquet as pq

    settings = Settings(_env_file=None, var_dir=folder / "var", threads=1, contact_cap=3, holdout_pct=1, **changed)
    set_aside = {"campaign_plans": quarantined} if quarantined else None
    night = Night(settings, AS_OF, land(settings, tables, quarantined=set_aside).snapshot_id)
    stage(night, {"running": CUSTOMERS, "planned": CUSTOMERS, "over": CUSTOMERS}, stock)
    result = decide.run(settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
    rows = pq.read_table(night.staged_path("decisions.campaign_targets"), partitioning=None).to_pylist()
    assert result.rows == len(rows)
    return night, result.detail, rows


def _decided_without_a_model(
    folder: Path, customers: list[str], tables: dict[str, list[dict[str, Any]]] = TABLES, **changed: Any
) -> tuple[Night, dict[str, Any], list[dict[str, Any]]]:
    """Decide where ``score`` had no version, and the features know ``customers`` of the planned campaign."""
    import duckdb
    import pyarrow.parquet as pq

    settings = Settings(_env_file=None, var_dir=folder / "var", threads=1, **changed)
    night = Night(settings, AS_OF, land(settings, tables).snapshot_id)
    stage(night, {}, STOCK)
    night.record("score__campaign_response", {"not_scored": "Got no passed version", "n_rows_left_out": len(customers)})
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(
            "create schema features; create table features.ftr_campaign_response as select unnest(?::varchar[]) as "
            "customer_id, 'planned' as campaign_id, ? as snapshot_id, ?::date as as_of_date, true as is_open",
            [customers, night.snapshot_id, AS_OF],
        )
        connection.execute("insert into features.ftr_campaign_response values ('c0', 'over', '', '2024-01-01', false)")
    result = decide.run(settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
    path = night.staged_path("decisions.campaign_targets")
    assert validate_staged("decisions.campaign_targets", path, AS_OF) == result.rows
    return night, result.detail, pq.read_table(path, partitioning=None).to_pylist()


def _of(rows: list[dict[str, Any]], campaign: str, column: str) -> list[Any]:
    return [row[column] for row in rows if row["campaign_id"] == campaign]


def test_running_and_planned_campaigns_are_decided_and_the_others_are_named(tmp_path: Path) -> None:
    night, detail, rows = _decided(tmp_path)
    assert {row["campaign_id"] for row in rows} == {"planned", "running"}
    assert detail["left_out"] == {
        "far": "starts on 2024-09-01, more than 28 days ahead, and has no plan",
        "over": "ended on 2024-05-31",
        "typo": "campaign_plans has it, campaigns does not",
        "unscored": "nobody could be scored for it: nobody was sent it, and nobody is known who bought lately before"
        " its start",
    }
    assert validate_staged("decisions.campaign_targets", night.staged_path("decisions.campaign_targets"), AS_OF) == 16


def test_the_planned_campaign_contacts_the_best_its_budget_pays(tmp_path: Path) -> None:
    _, detail, rows = _decided(tmp_path)
    assert _of(rows, "planned", "decision") == ["contact"] * 4 + ["leave alone"] * 4
    # 90 % of 10.00 at a margin of 40 %, less .25; the fifth would bring .70 * 4 - .25 for .25.
    assert _of(rows, "planned", "expected_value_amount")[0] == 3.35
    assert _of(rows, "planned", "dual_price_amount")[0] == pytest.approx(10.2, abs=1e-3)
    assert detail["campaigns"]["planned"]["cost_amount"] == 1.0
    assert detail["campaigns"]["planned"]["n_to_contact"] == 4


def test_a_running_campaign_without_a_plan_says_so_in_the_row(tmp_path: Path) -> None:
    _, _, rows = _decided(tmp_path)
    assert _of(rows, "running", "is_running") == [True] * 8
    assert _of(rows, "running", "budget_amount") == [None] * 8
    reasons = _of(rows, "running", "reason")
    assert reasons[0] == "contacted on 2024-05-20"
    assert reasons[1].endswith(
        "(no plan: no budget, cost and margin of the settings; a response taken to be worth one product)"
    )


CATALOGUE = [{"product_id": "tea"}, {"product_id": "jam", "arrived": "2024-06-01"}, {"product_id": "wine"}]
"""Jam arrived on the night itself, so the night does not know it; it is in stock all the same."""


@pytest.mark.parametrize(
    ("offered", "decision", "reason"),
    [
        (["NOPE"], "leave alone", "no product that it offers is in the catalogue: mend its rows in campaign_products"),
        (["NOPE", "tea"], "contact", "1 of its 2 products not in the catalogue"),
        (["wine"], "contact", "stock of its products not known"),
        (["jam"], "contact", "a response taken to be worth one product"),
    ],
)
def test_a_campaign_that_only_offers_what_the_catalogue_does_not_have_is_left_alone(
    offered: list[str], decision: str, reason: str, tmp_path: Path
) -> None:
    rows_of = [{"campaign_id": "planned", "coupon_id": "", "product_id": one} for one in offered]
    plans = [{"campaign_id": "planned", "budget_amount": 5, "cost_per_contact_amount": 0.1, "margin_pct": 40}]
    if "jam" not in offered:
        plans[0]["value_per_response_amount"] = 10
    tables = {**TABLES, "campaign_products": rows_of, "campaign_plans": plans, "products": CATALOGUE}
    _, detail, rows = _decided(tmp_path, tables=tables)
    assert set(_of(rows, "planned", "decision")) == {decision}
    assert all(reason in one for one in _of(rows, "planned", "reason"))
    assert (detail["campaigns"]["planned"]["obstacle"] is None) is (decision == "contact")


def test_a_product_that_arrived_after_the_night_is_not_in_its_catalogue(tmp_path: Path) -> None:
    rows_of = [{"campaign_id": "planned", "coupon_id": "", "product_id": "jam"}]
    tables = {**TABLES, "campaign_products": rows_of, "products": CATALOGUE}
    _, _, rows = _decided(tmp_path, tables=tables, stock=STOCK[:1])
    assert set(_of(rows, "planned", "decision")) == {"leave alone"}


NOTHING_LEFT = {"on_hand_units": 0.0, "on_order_units": 0.0, "suggested_order_units": 12.0}


def test_what_cannot_be_shipped_is_not_promoted(tmp_path: Path) -> None:
    # Whatever the plan says of the risk: it sees none where hardly anybody asks for the product.
    short = [{**STOCK[0], **NOTHING_LEFT, "stock_out_probability": 0.04, "is_stock_out_risk": False}, STOCK[1]]
    _, detail, rows = _decided(tmp_path, stock=short)
    # All of the running campaign's products, and a quarter of the planned one's sales.
    assert _of(rows, "running", "decision") == ["contact"] + ["leave alone"] * 7
    assert _of(rows, "running", "reason")[1].startswith("nothing that it offers can be shipped")
    assert detail["campaigns"]["planned"]["shippable_share"] == 0.75
    assert _of(rows, "planned", "expected_value_amount")[0] == pytest.approx(0.9 * 4 * 0.75 - 0.25)


def test_a_small_risk_of_running_out_takes_a_small_share(tmp_path: Path) -> None:
    risky = [
        {**STOCK[0], "on_hand_units": 5.0, "stock_out_probability": 0.054, "is_stock_out_risk": True},
        {**STOCK[1], "on_hand_units": 99.0, "stock_out_probability": 0.001, "is_stock_out_risk": False},
    ]
    _, detail, rows = _decided(tmp_path, stock=risky)
    assert _of(rows, "running", "decision")[1:3] == ["contact", "contact"]
    assert "100 % of its sales may run out and count for 95 %" in _of(rows, "running", "reason")[1]
    assert detail["campaigns"]["running"]["shippable_share"] == 0.946
    assert detail["campaigns"]["planned"]["shippable_share"] == pytest.approx(1 - 0.25 * 0.054)


BROKEN = {"reason": "negative:budget_amount", "campaign_id": "running", "budget_amount": "-3.00"}
SET_ASIDE = (
    "its plan breaks the contract (negative:budget_amount) and was set aside, so its budget is not known: mend its row"
    " in campaign_plans"
)


def test_a_campaign_whose_plan_breaks_the_contract_is_left_alone_and_says_so(tmp_path: Path) -> None:
    _, detail, rows = _decided(tmp_path, quarantined=[BROKEN])
    # Who was contacted before stays so; the settings stand in for no budget of anybody.
    assert _of(rows, "running", "decision") == ["contact"] + ["leave alone"] * 7
    assert _of(rows, "running", "reason")[1:] == [SET_ASIDE] * 7
    assert detail["campaigns"]["running"]["obstacle"] == SET_ASIDE
    assert _of(rows, "planned", "decision") == ["contact"] * 4 + ["leave alone"] * 4


@pytest.mark.parametrize(
    "line",
    ["running,5 EUR,0.20", '"running";-1;2', "running\t5\t0.2\tand one field too many"],
    ids=["comma", "quote", "tab"],
)
def test_a_line_of_a_plan_that_cannot_be_read_is_the_plan_of_the_campaign_that_it_names(
    tmp_path: Path, line: str
) -> None:
    _, _, rows = _decided(tmp_path, quarantined=[{"reason": "unreadable_line:fields", "unreadable_text": line}])
    assert "(unreadable_line:fields)" in _of(rows, "running", "reason")[1]
    assert _of(rows, "planned", "decision")[0] == "contact"


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
    _, _, rows = _decided(tmp_path, tables={**TABLES, "campaign_plans": plans}, quarantined=[broken])
    assert ("contact" in _of(rows, "planned", "decision")) is is_decided


def test_a_broken_plan_of_a_campaign_without_rows_is_named(tmp_path: Path) -> None:
    plans = [{**BROKEN, "campaign_id": one} for one in ("far", "nowhere")]
    _, detail, _ = _decided(tmp_path, quarantined=plans)
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
    _, detail, rows = _decided(tmp_path, tables=tables, quarantined=[{**BROKEN, "campaign_id": "broken"}])
    assert _of(rows, "late", "decision") == []
    assert detail["left_out"]["late"] == "campaign_plans has it, campaigns has it from 2024-06-02 on"
    assert detail["left_out"]["broken"] == (
        "its plan breaks the contract (negative:budget_amount), and campaigns has it from 2024-06-02 on"
    )


def test_a_shop_without_a_response_model_still_contacts_and_holds_out_by_lot(tmp_path: Path) -> None:
    plans = [{**TABLES["campaign_plans"][0], "budget_amount": 5, "value_per_response_amount": 20, "holdout_pct": 30}]
    customers = [f"c{number:03d}" for number in range(60)]
    _, detail, rows = _decided_without_a_model(tmp_path, customers, {**TABLES, "campaign_plans": plans})
    decisions = _of(rows, "planned", "decision")
    assert decisions.count("contact") == 20
    assert decisions.count("hold out") >= 5
    assert set(_of(rows, "planned", "response_probability")) == {0.05}
    assert set(_of(rows, "planned", "value_basis")) == {"assumed response rate, not proven incremental"}
    note = "(no response model and no earlier answers: 5 % of all taken to respond, by the settings)"
    assert set(_of(rows, "planned", "reason")) == {
        f"worth more than it costs, and among the best {note}",
        f"held out by lot (30 %) to measure the campaign, else contacted {note}",
        f"the budget goes to customers worth as much, by lot {note}",
    }
    assert f"({detail['without_model']})" == note


def test_without_a_model_earlier_answers_say_how_many_respond(tmp_path: Path) -> None:
    contacts = [
        {"campaign_id": "over", "customer_id": f"c{number}", "contact_date": "2024-03-01"} for number in range(300)
    ]
    answers = [
        {"campaign_id": "over", "customer_id": f"c{number}", "coupon_id": "", "response_date": "2024-03-05"}
        for number in range(75)
    ]
    tables = {**TABLES, "campaign_contacts": contacts, "campaign_responses": answers}
    _, _, rows = _decided_without_a_model(tmp_path, ["c1", "c2"], tables)
    assert set(_of(rows, "planned", "response_probability")) == {0.2}
    assert set(_of(rows, "planned", "value_basis")) == {"response rate of earlier campaigns, not proven incremental"}
    assert "75 of 300 contacts of the last year answered" in _of(rows, "planned", "reason")[0]


def test_without_a_model_and_without_campaigns_nothing_is_decided(tmp_path: Path) -> None:
    _, detail, rows = _decided_without_a_model(tmp_path, ["c1"], {})
    assert (rows, detail["campaigns"]) == ([], {})


def test_deciding_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, detail, _ = _decided(tmp_path / "a")
    second, again, _ = _decided(tmp_path / "b")
    path = "decisions.campaign_targets"
    assert sha256_of_file(first.staged_path(path)) == sha256_of_file(second.staged_path(path))
    assert detail["run_id"] == again["run_id"]
    _, salted, _ = _decided(tmp_path / "c", holdout_salt="another")
    assert salted["run_id"] != detail["run_id"]


def test_a_plan_that_holds_everybody_out_is_refused(tmp_path: Path) -> None:
    plans = [{**TABLES["campaign_plans"][0], "holdout_pct": 100}]
    with pytest.raises(InvalidSetting, match="Got a holdout of 100 % for campaign 'planned'"):
        _decided(tmp_path, tables={**TABLES, "campaign_plans": plans})


def test_a_shop_without_campaigns_decides_nothing(tmp_path: Path) -> None:
    night, detail, rows = _decided(tmp_path, tables={})
    assert (rows, detail["campaigns"], detail["left_out"]) == ([], {}, {})
    assert validate_staged("decisions.campaign_targets", night.staged_path("decisions.campaign_targets"), AS_OF) == 0


@pytest.mark.parametrize(
    ("missing", "command"),
    [("scores.campaign_response", "score campaign_response"), ("decisions.reorder_plan", "decide reorder_plan")],
)
def test_without_what_it_reads_nothing_is_decided(missing: str, command: str, tmp_path: Path) -> None:
    night, _, _ = _decided(tmp_path)
    night.staged_path(missing).unlink()
    with pytest.raises(StepMissing, match=f"Got no staged {missing} .*Run `nightmarket {command}`"):
        decide.run(night.settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
