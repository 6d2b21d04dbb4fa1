"""``decide campaign_targets`` in a shop whose night had no response model: one rate for everybody."""

from __future__ import annotations

from pathlib import Path

from tests.ml.decided_targets import TABLES, column_of, decide_without_a_model


def test_a_shop_without_a_response_model_still_contacts_and_holds_out_by_lot(tmp_path: Path) -> None:
    plans = [{**TABLES["campaign_plans"][0], "budget_amount": 5, "value_per_response_amount": 20, "holdout_pct": 30}]
    customers = [f"c{number:03d}" for number in range(60)]
    _, detail, rows = decide_without_a_model(tmp_path, customers, {**TABLES, "campaign_plans": plans})
    decisions = column_of(rows, "planned", "decision")
    assert decisions.count("contact") == 20
    assert decisions.count("hold out") >= 5
    assert set(column_of(rows, "planned", "response_probability")) == {0.05}
    assert set(column_of(rows, "planned", "value_basis")) == {"assumed response rate, not proven incremental"}
    note = "(no response model and no earlier answers: 5 % of all taken to respond, by the settings)"
    assert set(column_of(rows, "planned", "reason")) == {
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
    _, _, rows = decide_without_a_model(tmp_path, ["c1", "c2"], tables)
    assert set(column_of(rows, "planned", "response_probability")) == {0.2}
    assert set(column_of(rows, "planned", "value_basis")) == {
        "response rate of earlier campaigns, not proven incremental"
    }
    assert "75 of 300 contacts of the last year answered" in column_of(rows, "planned", "reason")[0]


def test_without_a_model_and_without_campaigns_nothing_is_decided(tmp_path: Path) -> None:
    _, detail, rows = decide_without_a_model(tmp_path, ["c1"], {})
    assert (rows, detail["campaigns"]) == ([], {})
