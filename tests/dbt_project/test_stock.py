"""Stock from an export's file to a row of the plan: no count is replaced by an older one in silence."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from nightmarket.decisions.reorder.inputs import ForecastDemand, Rules
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.plan import plan_reorder
from nightmarket.io.stock import read_location_sales, read_recent_sales, read_stock
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.sources.example import example_tables
from nightmarket.steps import land

from .warehouses import run_dbt

HEADER = (
    "product_id,location_id,stock_date,on_hand_quantity,on_order_quantity,lead_time_days,pack_size,"
    "min_order_quantity,unit_cost_amount,unit_margin_amount,holding_cost_amount\n"
)
COUNTS = """\
p001,main,2024-07-23,50,,3,,,,,
p001,main,2024-07-27,-5,,3,,,,,
p002,main,2024-07-27,4,-2,-1,-6,-3,-1,-0.50,-2
"""
PADDING = "".join(
    f"p{n:03},main,2024-07-{day},{5 if n % 3 else -1},,3,,,,,\n" for n in range(3, 23) for day in (26, 27)
)
NO_FORECAST = ForecastDemand(
    np.array([], object), np.array([], object), WeeklyDemand(np.zeros((0, 8)), np.zeros((0, 8, 5)))
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The plan of the example shop, by product, with negative numbers in a third of its stock."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "export").mkdir()
    for name, text in {**example_tables(), "inventory": HEADER + COUNTS + PADDING}.items():
        (folder / "export" / f"{name}.csv").write_text(text)
    settings = Settings(
        _env_file=None, source="files", source_path=folder / "export", var_dir=folder / "var", currency="EUR", threads=2
    )
    landed = land.run(settings).detail
    assert landed["tables"]["inventory"]["rows_quarantined"] == 0
    as_of = date.fromisoformat(landed["as_of_date"])
    ended = run_dbt(
        folder / "var" / "warehouse.duckdb",
        [as_of],
        arguments=(
            "--exclude-resource-type",
            "unit_test",
            "--select",
            "+ftr_product_locations",
            "+ftr_known_order_lines",
        ),
        changed={"snapshot_id": landed["snapshot_id"]},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with open_warehouse(settings) as connection:
        night = {"snapshot_id": landed["snapshot_id"], "as_of": as_of}
        columns = plan_reorder(
            NO_FORECAST,
            read_recent_sales(connection, **night),
            read_stock(connection, **night),
            read_location_sales(connection, **night),
            Rules(),
        )
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {row["product_id"]: row for row in rows}


def test_a_negative_count_is_not_replaced_by_an_older_one(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["p001"]
    assert (row["location_id"], row["on_hand_units"]) == ("main", 0)
    assert row["suggested_order_units"] == row["order_up_to_units"] > 0
    assert "stock given as -5, taken as 0" in row["reason"]


def test_one_negative_number_does_not_throw_away_the_others(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["p002"]
    assert (row["on_hand_units"], row["on_order_units"], row["lead_time_days"]) == (4, 0, 7)
    assert (row["lead_time_basis"], row["service_level_basis"]) == ("default", "class default")
    for said in ("on order given as -2", "lead time given as -1", "pack size given as -6", "margin given as -0.5"):
        assert said in row["reason"]
