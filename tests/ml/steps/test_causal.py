"""The shop's own campaigns before the causal gate: read as of their start, and refused where they were targeted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.night.real_sample import write_real_sample

from nightmarket.io.campaign_contacts import read_campaign_contacts
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps import land
from nightmarket.steps.causal import judge_campaigns, with_causal_gate

NIGHT = date(2024, 6, 1)
ORDERS = """order_line_id,order_id,customer_id,product_id,ordered_at,quantity,sales_amount,arrived_at
first,o0,c1,p2,2024-01-02 12:00:00,1,5.00,2024-01-02 13:00:00
l1,o1,c1,p1,2024-03-20 12:00:00,1,10.00,2024-03-20 13:00:00
l2,o1,c1,p2,2024-03-20 12:00:00,1,4.00,2024-03-20 13:00:00
late,o2,c1,p1,2024-03-30 12:00:00,1,100.00,2024-04-03 13:00:00
after,o3,c1,p1,2024-04-01 12:00:00,1,7.00,2024-04-01 13:00:00
other,o4,c2,p2,2024-03-05 12:00:00,2,6.00,2024-03-05 13:00:00
lapsed,o5,c3,p1,2024-01-20 12:00:00,1,50.00,2024-01-20 13:00:00
april,o7,c2,p2,2024-04-25 12:00:00,2,6.00,2024-04-25 13:00:00
may,o8,c2,p2,2024-05-20 12:00:00,2,6.00,2024-05-20 13:00:00
last,o6,c2,p2,2024-06-05 12:00:00,2,6.00,2024-06-05 13:00:00
"""
FILES = {
    "order_lines": ORDERS,
    "products": "product_id,product_name,category_id\np1,Green tea,tea\np2,Rye loaf,bread\n",
    "campaigns": "campaign_id,campaign_type,start_date,end_date\nspring,Type A,2024-04-01,2024-04-30\n"
    "winter,Type A,2024-03-10,2024-03-12\ntoo_early,Type A,2024-01-10,2024-01-30\n"
    "june,Type A,2024-05-25,2024-06-20\n",
    "campaign_contacts": "campaign_id,customer_id,contact_date\nspring,c1,2024-04-01\nwinter,c1,2024-03-10\n"
    "june,c2,2024-05-25\njune,c1,2024-05-25\n",
    "campaign_products": "campaign_id,coupon_id,product_id\nspring,k1,p1\n",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    export = tmp_path / "export"
    export.mkdir()
    for name, text in FILES.items():
        (export / f"{name}.csv").write_text(text)
    return Settings(
        _env_file=None, source="files", source_path=export, var_dir=tmp_path / "var", currency="EUR", threads=1
    )


def test_a_campaigns_rows_know_what_had_arrived_before_its_start(settings: Settings) -> None:
    detail = land.run(settings, as_of=NIGHT).detail
    table = read_campaign_contacts(settings, read_snapshot(settings, detail["snapshot_id"]), as_of=NIGHT)
    rows = {(row["campaign_id"], row["customer_id"]): row for row in table.to_pylist()}
    # c3 had no order in the 56 days before spring; nothing is known before too_early; nobody active was contacted for
    # winter, and everybody was for june.
    assert set(rows) == {("spring", "c1"), ("spring", "c2")}
    contacted = rows["spring", "c1"]
    assert contacted["is_contacted"]
    assert contacted["sales_28d"] == 14  # neither the line that arrived late nor the one of the day itself
    assert contacted["n_orders_28d"] == 1
    assert contacted["sales_after_28d"] == 7
    assert (contacted["n_offered_products"], contacted["offered_sales"]) == (1, 10)
    assert contacted["n_contacts"] == 1
    other = rows["spring", "c2"]
    assert not other["is_contacted"]
    assert (other["n_offered_products"], other["n_contacts"], other["days_since_order"]) == (0, 0, 27)


def test_too_few_contacts_are_refused_with_their_number(settings: Settings) -> None:
    detail = land.run(settings, as_of=NIGHT).detail
    judged = judge_campaigns(settings, Night(settings, NIGHT, detail["snapshot_id"]))
    assert judged["qini"] is None
    assert not judged["accepted"]
    assert judged["reason"].startswith("Got 1 treated rows but expected at least 200.")


def test_campaigns_of_the_complete_journey_are_refused(tmp_path: Path) -> None:
    export = write_real_sample(tmp_path / "export", n_customers=400)
    settings = Settings(
        _env_file=None,
        source="files",
        source_path=export,
        var_dir=tmp_path / "var",
        currency="USD",
        timezone="America/New_York",
        threads=1,
    )
    night = date(2018, 1, 1)
    judged = judge_campaigns(settings, Night(settings, night, land.run(settings, as_of=night).detail["snapshot_id"]))
    assert not judged["accepted"]
    assert judged["qini"] is None
    assert judged["propensity_auc"] > 0.85
    assert judged["support_share"] < 0.9
    assert "Hold out a random share" in judged["reason"]
    line = with_causal_gate({"family": "campaign_response", "metrics": {"roc_auc": 0.8}}, judged)
    assert line["metrics"] == {"roc_auc": 0.8, "qini": None}
    assert line["causal_gate"]["reason"] == judged["reason"]
