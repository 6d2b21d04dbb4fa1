"""Score a forecaster: the night's version forecasts units and sales into two staged partitions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from nightmarket.contracts import Table
from nightmarket.families.base import Forecaster
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.evaluations import text_space
from nightmarket.io.forecaster_files import load_forecaster
from nightmarket.io.night import Night
from nightmarket.io.panels import PanelReader
from nightmarket.io.past_intents import read_past_intents
from nightmarket.io.registry import model_folder
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.arrow_types import ARROW_TYPES
from nightmarket.modeling.demand import DemandForecast, forecast_demand
from nightmarket.modeling.sales import SalesForecast, forecast_sales
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.score import choose_version, name_run, version_facts

_PERCENTS = ("p05", "p25", "p50", "p75", "p95")


def run(settings: Settings, family: Forecaster, *, as_of: date, snapshot_id: str) -> StepResult:
    """Forecast from ``as_of`` on and stage both tables.

    Raises
    ------
    NoChampion
        No registered version may score this night.
    ModelCorrupted
        The version's files are not the ones that were registered.
    """
    night = Night(settings, as_of, snapshot_id)
    encoder_key = night.read("embed")["encoder_key"]
    choice = choose_version(settings, family, as_of, snapshot_id, encoder_key=encoder_key)
    version = choice.version
    folder = model_folder(settings, version)
    stored = load_forecaster(folder, manifest_sha256=version.manifest_sha256, threads=settings.threads)
    intents = read_past_intents(settings, as_of) if stored.demand.reads_intents else {}
    with open_warehouse(settings) as connection:
        reader = PanelReader(connection, snapshot_id, night=as_of, intents=intents, text=text_space(night))
    told = {str(day): named for day, named in intents.items()}
    run_id = name_run(night, manifest_sha256=stored.manifest_sha256, intents=told)
    demand = forecast_demand(stored.demand, reader.panel(as_of))
    sales = forecast_sales(stored.sales, reader.sales(as_of))
    rows_of = (_demand_rows(demand, as_of), _sales_rows(sales))
    tables = {}
    for table, rows in zip(family.tables, rows_of, strict=True):
        fixed = {"as_of_date": as_of, "model_version": version.name, "run_id": run_id}
        path = night.staged_path(table.name)
        staged = as_table(table, {**{name: [value] * len(rows["level"]) for name, value in fixed.items()}, **rows})
        write_scored_rows(path, staged)
        tables[table.name] = {"rows": staged.num_rows, "sha256": sha256_of_file(path)}
    total, weeks = demand.level == "total", (sales.grain == "week") & (sales.level == "total")
    return StepResult(
        rows=tables[family.score_table]["rows"],
        detail={
            "table": family.score_table,
            "sha256": tables[family.score_table]["sha256"],
            "tables": tables,
            **version_facts(choice, folder, as_of=as_of, run_id=run_id),
            "heads_without_model": [],
            "n_products": int((demand.level == "product").sum()) // 8,
            "n_categories": int((demand.level == "category").sum()) // 8,
            "units": round(float(demand.units[total].sum()), 4),
            "sales_amount": round(float(sales.sales_amount[weeks].sum()), 4),
        },
    )


def _demand_rows(forecast: DemandForecast, as_of: date) -> dict[str, Any]:
    weeks = [as_of + timedelta(days=7 * week) for week in range(int(forecast.week.max()) + 1)]
    return {
        "level": forecast.level,
        "item_id": forecast.item_id,
        "week_start_date": [weeks[week] for week in forecast.week],
        "horizon_days": (7 * (forecast.week + 1)).astype(np.int32),
        "category_id": forecast.category_id,
        "units": forecast.units,
        **{f"units_{percent}": forecast.quantiles[:, i] for i, percent in enumerate(_PERCENTS)},
        "demand_class": forecast.demand_class,
        "method": forecast.method,
        **{f"reason_{i + 1}": reasons for i, reasons in enumerate(forecast.reasons)},
    }


def _sales_rows(forecast: SalesForecast) -> dict[str, Any]:
    return {
        "grain": forecast.grain,
        "level": forecast.level,
        "item_id": forecast.item_id,
        "period_start_date": forecast.period_start_date,
        "horizon_days": forecast.horizon_days,
        "sales_amount": forecast.sales_amount,
        **{f"sales_amount_{percent}": forecast.quantiles[:, i] for i, percent in enumerate(_PERCENTS)},
        "method": forecast.method,
        **{f"reason_{i + 1}": reasons for i, reasons in enumerate(forecast.reasons)},
    }


def as_table(table: Table, rows: dict[str, Any]) -> pa.Table:
    """Return ``rows`` in the columns and types of ``table``; an empty sentence is none."""
    columns = {}
    for column in table.columns:
        values = rows[column.name]
        if column.name.startswith("reason_"):
            values = [one or None for one in values]
        columns[column.name] = pa.array(values, ARROW_TYPES[column.type])
    return pa.table(columns)
