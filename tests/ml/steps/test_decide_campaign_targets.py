"""``nightmarket decide campaign_targets`` on a tiny landed shop: from staged scores to staged decisions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ml.decided_targets import STOCK, TABLES, column_of, decide_targets
from tests.ml.landed_campaigns import AS_OF

from nightmarket.errors import StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.serving.staged import validate_staged
from nightmarket.steps import decide


def test_running_and_planned_campaigns_are_decided_and_the_others_are_named(tmp_path: Path) -> None:
    night, detail, rows = decide_targets(tmp_path)
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
    _, detail, rows = decide_targets(tmp_path)
    assert column_of(rows, "planned", "decision") == ["contact"] * 4 + ["leave alone"] * 4
    # 90 % of 10.00 at a margin of 40 %, less .25; the fifth would bring .70 * 4 - .25 for .25.
    assert column_of(rows, "planned", "expected_value_amount")[0] == 3.35
    assert column_of(rows, "planned", "dual_price_amount")[0] == pytest.approx(10.2, abs=1e-3)
    assert detail["campaigns"]["planned"]["cost_amount"] == 1.0
    assert detail["campaigns"]["planned"]["n_to_contact"] == 4


def test_a_running_campaign_without_a_plan_says_so_in_the_row(tmp_path: Path) -> None:
    _, _, rows = decide_targets(tmp_path)
    assert column_of(rows, "running", "is_running") == [True] * 8
    assert column_of(rows, "running", "budget_amount") == [None] * 8
    reasons = column_of(rows, "running", "reason")
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
    _, detail, rows = decide_targets(tmp_path, tables=tables)
    assert set(column_of(rows, "planned", "decision")) == {decision}
    assert all(reason in one for one in column_of(rows, "planned", "reason"))
    assert (detail["campaigns"]["planned"]["obstacle"] is None) is (decision == "contact")


def test_a_product_that_arrived_after_the_night_is_not_in_its_catalogue(tmp_path: Path) -> None:
    rows_of = [{"campaign_id": "planned", "coupon_id": "", "product_id": "jam"}]
    tables = {**TABLES, "campaign_products": rows_of, "products": CATALOGUE}
    _, _, rows = decide_targets(tmp_path, tables=tables, stock=STOCK[:1])
    assert set(column_of(rows, "planned", "decision")) == {"leave alone"}


NOTHING_LEFT = {"on_hand_units": 0.0, "on_order_units": 0.0, "suggested_order_units": 12.0}


def test_what_cannot_be_shipped_is_not_promoted(tmp_path: Path) -> None:
    # Whatever the plan says of the risk: it sees none where hardly anybody asks for the product.
    short = [{**STOCK[0], **NOTHING_LEFT, "stock_out_probability": 0.04, "is_stock_out_risk": False}, STOCK[1]]
    _, detail, rows = decide_targets(tmp_path, stock=short)
    # All of the running campaign's products, and a quarter of the planned one's sales.
    assert column_of(rows, "running", "decision") == ["contact"] + ["leave alone"] * 7
    assert column_of(rows, "running", "reason")[1].startswith("nothing that it offers can be shipped")
    assert detail["campaigns"]["planned"]["shippable_share"] == 0.75
    assert column_of(rows, "planned", "expected_value_amount")[0] == pytest.approx(0.9 * 4 * 0.75 - 0.25)


def test_a_small_risk_of_running_out_takes_a_small_share(tmp_path: Path) -> None:
    risky = [
        {**STOCK[0], "on_hand_units": 5.0, "stock_out_probability": 0.054, "is_stock_out_risk": True},
        {**STOCK[1], "on_hand_units": 99.0, "stock_out_probability": 0.001, "is_stock_out_risk": False},
    ]
    _, detail, rows = decide_targets(tmp_path, stock=risky)
    assert column_of(rows, "running", "decision")[1:3] == ["contact", "contact"]
    assert "100 % of its sales may run out and count for 95 %" in column_of(rows, "running", "reason")[1]
    assert detail["campaigns"]["running"]["shippable_share"] == 0.946
    assert detail["campaigns"]["planned"]["shippable_share"] == pytest.approx(1 - 0.25 * 0.054)


def test_deciding_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, detail, _ = decide_targets(tmp_path / "a")
    second, again, _ = decide_targets(tmp_path / "b")
    path = "decisions.campaign_targets"
    assert sha256_of_file(first.staged_path(path)) == sha256_of_file(second.staged_path(path))
    assert detail["run_id"] == again["run_id"]
    _, salted, _ = decide_targets(tmp_path / "c", holdout_salt="another")
    assert salted["run_id"] != detail["run_id"]


def test_a_shop_without_campaigns_decides_nothing(tmp_path: Path) -> None:
    night, detail, rows = decide_targets(tmp_path, tables={})
    assert (rows, detail["campaigns"], detail["left_out"]) == ([], {}, {})
    assert validate_staged("decisions.campaign_targets", night.staged_path("decisions.campaign_targets"), AS_OF) == 0


@pytest.mark.parametrize(
    ("missing", "command"),
    [("scores.campaign_response", "score campaign_response"), ("decisions.reorder_plan", "decide reorder_plan")],
)
def test_without_what_it_reads_nothing_is_decided(missing: str, command: str, tmp_path: Path) -> None:
    night, _, _ = decide_targets(tmp_path)
    night.staged_path(missing).unlink()
    with pytest.raises(StepMissing, match=f"Got no staged {missing} .*Run `nightmarket {command}`"):
        decide.run(night.settings, decision="campaign_targets", as_of=AS_OF, snapshot_id=night.snapshot_id)
