"""What planners come for, of one night: what to order, whom to contact, what will be sold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.contracts import CONTRACT_TABLES, Table
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.settings import Settings

from .hostile import HOSTILE

NIGHT = date(2017, 12, 1)
Rows = Sequence[Mapping[str, Any]]


def write_rows(path: Path, table: Table, rows: Rows) -> None:
    """Write rows of a contract or served table; columns that a row does not name are null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"create table it ({', '.join(f'{one.name} {one.type}' for one in table.columns)})")
        for row in rows:
            connection.execute(
                f"insert into it values ({', '.join('?' for _ in table.columns)})",
                [row.get(one.name) for one in table.columns],
            )
        connection.execute(f"copy it to '{path}' (format parquet)")


def land_table(settings: Settings, name: str, rows: Rows) -> LandedTable:
    path = settings.landing_dir / "files" / f"{name}.parquet"
    write_rows(path, CONTRACT_TABLES[name], rows)
    file = LandedFile(f"files/{name}.parquet", sha256_of_file(path), len(rows))
    return LandedTable(True, len(rows), len(rows), 0, (file,))


def order_line(number: int, product: str, day: date, quantity: float, **given: Any) -> dict[str, Any]:
    return {
        "order_line_id": f"l{number}", "order_id": f"o{number}", "customer_id": "c0", "product_id": product,
        "ordered_at": f"{day} 12:00:00", "order_date": day, "quantity": quantity, "sales_amount": 2 * quantity,
        "is_cancelled": False, "arrived_at": f"{day} 13:00:00", "arrived_date": day, **given,
    }  # fmt: skip


def land_shop(settings: Settings) -> Snapshot:
    """Land three products in three categories; milk was sold once a week, bread all at once, candles never."""
    names = {"p1": ("MILK", "DAIRY"), "p2": ("BREAD", "BAKERY"), "p3": ("CANDLES", "PARTY")}
    products = [
        {"product_id": one, "product_name": name, "category_id": name[0], "category_name": category,
         "arrived_at": "2017-01-01 00:00:00", "arrived_date": date(2017, 1, 1)}
        for one, (name, category) in names.items()
    ]  # fmt: skip
    lines = [order_line(week, "p1", NIGHT - timedelta(days=7 * week), 10) for week in range(1, 13)]
    lines.append(order_line(20, "p2", NIGHT - timedelta(days=1), 400))
    campaigns = [
        {"campaign_id": "7", "campaign_name": "Winter", "start_date": NIGHT, "end_date": NIGHT,
         "arrived_at": "2017-01-01 00:00:00", "arrived_date": date(2017, 1, 1)}
    ]  # fmt: skip
    landed = {
        "products": land_table(settings, "products", products),
        "order_lines": land_table(settings, "order_lines", lines),
        "campaigns": land_table(settings, "campaigns", campaigns),
    }
    snapshot = Snapshot("files", "UTC", "USD", NIGHT - timedelta(days=1), False, landed, ())
    write_snapshot(settings, snapshot)
    return snapshot


def planned(product: str, units: float, **given: Any) -> dict[str, Any]:
    """Return a row of the plan, of a shop that gave no stock unless ``given`` says it."""
    return {
        "product_id": product, "location_id": "", "category_id": product[0], "abc_class": "A", "xyz_class": "X",
        "service_level": 0.98, "service_level_basis": "class default", "lead_time_days": 7,
        "lead_time_basis": "default", "review_period_days": 7, "demand_units": units, "demand_units_p05": 0.5 * units,
        "demand_units_p25": 0.8 * units, "demand_units_p50": units, "demand_units_p75": 1.2 * units,
        "demand_units_p95": 1.5 * units, "safety_stock_units": units, "reorder_point_units": 2 * units,
        "order_up_to_units": 3 * units, "unit_price_amount": 2.0, "reason": f"no stock data, says {HOSTILE}", **given,
    }  # fmt: skip


STOCK = {
    "on_hand_units": 5.0, "on_order_units": 0.0, "suggested_order_units": 55.0, "cover_days": 3.5,
    "stock_out_probability": 0.92, "is_stock_out_risk": True, "is_overstock": False, "reason": "order 55: 5 on hand",
}  # fmt: skip


def target(campaign: str, customer: str, decision: str, **given: Any) -> dict[str, Any]:
    return {
        "campaign_id": campaign, "customer_id": customer, "decision": decision, "response_probability": 0.2,
        "expected_value_amount": 1.25, "cost_amount": 0.5, "value_basis": "response, not proven incremental",
        "is_running": False, "is_holdout": decision == "hold out", "budget_amount": 100.0, "dual_price_amount": 0.8,
        "holdout_share": 0.1, "reason": "worth more than it costs, and among the best", **given,
    }  # fmt: skip


TARGETS = (
    target("7", "c1", "contact"),
    target("7", "c2", "contact"),
    target("7", "c3", "contact", reason="contacted on 2017-11-20", cost_amount=0.0, holdout_share=0.0),
    target("7", "c4", "hold out"),
    target("7", "c5", "leave alone", reason="expected to bring no more than the contact costs (5 % margin)"),
)


def weeks_of(level: str, item: str, units: float) -> list[dict[str, Any]]:
    return [
        {"level": level, "item_id": item, "week_start_date": NIGHT + timedelta(weeks=week),
         "horizon_days": 7 + 7 * week, "units": units, "units_p05": 0.5 * units, "units_p25": 0.8 * units,
         "units_p50": units, "units_p75": 1.2 * units, "units_p95": 1.5 * units,
         "demand_class": "smooth", "method": "lightgbm"}
        for week in range(8)
    ]  # fmt: skip


def total_sales(amount: float) -> list[dict[str, Any]]:
    return [
        {"grain": "week", "level": "total", "item_id": "total", "period_start_date": NIGHT + timedelta(weeks=week),
         "horizon_days": 7 + 7 * week, "sales_amount": amount, "sales_amount_p05": 0.9 * amount,
         "sales_amount_p25": 0.95 * amount, "sales_amount_p50": amount, "sales_amount_p75": 1.05 * amount,
         "sales_amount_p95": 1.1 * amount, "method": "moving average"}
        for week in range(8)
    ]  # fmt: skip


@dataclass(frozen=True)
class Decided:
    """What a night decides and forecasts beside the scores of its families."""

    plan: Rows = (planned("p1", 20.0), planned("p2", 60.0), planned("p3", 1.0, unit_price_amount=None))
    targets: Rows = TARGETS
    demand: Rows = (
        *weeks_of("category", "M", 12.0), *weeks_of("category", "B", 30.0), *weeks_of("category", "C", 1.0),
        *weeks_of("product", "p1", 12.0), *weeks_of("product", "p2", 30.0), *weeks_of("total", "total", 43.0),
    )  # fmt: skip
    sales: Rows = tuple(total_sales(90.0))
    left_out: Mapping[str, str] = field(default_factory=dict)
    """By campaign without rows, why."""


def section_of(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">.*?</section>', page, flags=re.DOTALL)
    assert found is not None
    return found[0]
