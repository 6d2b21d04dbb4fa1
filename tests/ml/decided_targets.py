"""``decide campaign_targets`` run on a tiny landed shop, with and without a response model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ml.landed_campaigns import AS_OF, land, stage

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


def decide_targets(
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


def decide_without_a_model(
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


def column_of(rows: list[dict[str, Any]], campaign: str, column: str) -> list[Any]:
    return [row[column] for row in rows if row["campaign_id"] == campaign]
