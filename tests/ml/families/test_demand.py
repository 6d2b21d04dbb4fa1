"""What demand publishes, and that it can be named without loading what forecasts it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from nightmarket.families import FAMILIES, FORECASTERS, PREDICTIONS, SERVED_TABLES
from nightmarket.families.demand import DEMAND, FAMILY, SALES_FORECAST


def test_demand_is_a_prediction_but_no_family_of_customers() -> None:
    assert FORECASTERS["demand"] is PREDICTIONS["demand"] is FAMILY
    assert "demand" not in FAMILIES


def test_both_tables_are_served() -> None:
    assert [table.name for table in FAMILY.tables] == ["scores.demand", "scores.sales_forecast"]
    assert all(SERVED_TABLES[table.name] is table for table in FAMILY.tables)
    assert FAMILY.score_table == "scores.demand"


def test_rows_are_found_by_what_they_are_about_and_the_night() -> None:
    assert DEMAND.key == ("level", "item_id", "week_start_date", "as_of_date")
    assert SALES_FORECAST.key == ("grain", "level", "item_id", "period_start_date", "as_of_date")


def test_every_column_says_what_it_is_in_a_sentence() -> None:
    for table in FAMILY.tables:
        assert [column.name for column in table.columns if not column.description.endswith(".")] == []


def test_a_model_made_for_another_layout_may_not_score() -> None:
    assert FAMILY.inputs_key("one encoder") == FAMILY.inputs_key("another")
    assert replace(FAMILY, layout=FAMILY.layout + 1).inputs_key("") != FAMILY.inputs_key("")


def test_the_family_is_light_to_import() -> None:
    heavy = ["numpy", "pyarrow", "duckdb", "lightgbm", "pandas", "mlflow", "statsforecast", "mlforecast"]
    code = f"import sys, nightmarket.families.demand; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
