"""``nightmarket decide reorder_plan``: what to hold and what to order, from the night's demand and stock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nightmarket.decisions.reorder.inputs import ForecastDemand, Rules
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.plan import plan_reorder
from nightmarket.decisions.reorder.table import POLICY_VERSION, TABLE
from nightmarket.errors import ForecastUnusable, StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.stock import read_location_sales, read_recent_sales, read_stock
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.arrow_types import ARROW_TYPES
from nightmarket.settings import Settings
from nightmarket.steps.deciding import Decided, decision_run_id

READS = "scores.demand"
_QUANTILES = ("units_p05", "units_p25", "units_p50", "units_p75", "units_p95")


def decide(settings: Settings, night: Night) -> Decided:
    """Plan every product that has a forecast or is in stock.

    Raises
    ------
    StepMissing
        Demand was not scored.
    ForecastUnusable
        The scored demand lacks weeks, or its quantiles are no quantiles.
    """
    path = night.staged_path(READS)
    if not path.exists():
        raise StepMissing(
            f"Got no staged {READS} for {night.as_of_date}, expected {path}. Run `nightmarket score demand` for this "
            "night first, or `make nightly`."
        )
    rules = rules_of(settings)
    reads = {READS: sha256_of_file(path)}
    parameters = {
        "lead_time_days": rules.lead_time_days,
        "review_period_days": rules.review_period_days,
        "service_levels": rules.service_levels,
        "holding_cost_pct": rules.holding_cost_pct,
    }
    run_id = decision_run_id(night, POLICY_VERSION, reads=reads, parameters=parameters)
    demand = product_demand(pq.read_table(path, partitioning=None))
    with open_warehouse(settings) as connection:
        snapshot_id, as_of = night.snapshot_id, night.as_of_date
        sales = read_recent_sales(connection, snapshot_id=snapshot_id, as_of=as_of)
        stock = read_stock(connection, snapshot_id=snapshot_id, as_of=as_of)
        sold = read_location_sales(connection, snapshot_id=snapshot_id, as_of=as_of)
    columns = plan_reorder(demand, sales, stock, sold, rules)
    table = _table(columns, night, run_id)
    return Decided(
        table,
        POLICY_VERSION,
        run_id,
        {
            "reads": reads,
            "n_products": len(np.unique(columns["product_id"])),
            "n_with_stock": int(np.isfinite(columns["on_hand_units"]).sum()),
            "n_to_order": int((columns["suggested_order_units"] > 0).sum()),
            "n_stock_out_risk": int(sum(one is True for one in columns["is_stock_out_risk"].tolist())),
            "n_overstock": int(sum(one is True for one in columns["is_overstock"].tolist())),
            "n_lead_time_default": int((columns["lead_time_basis"] == "default").sum()),
            "classes": {
                name: int((columns["abc_class"] + columns["xyz_class"] == name).sum())
                for name in (a + x for a in "ABC" for x in "XYZ")
            },
        },
    )


def rules_of(settings: Settings) -> Rules:
    """Return what the shop's settings say about ordering."""
    return Rules(
        lead_time_days=settings.lead_time_days,
        review_period_days=settings.review_period_days,
        service_levels=(settings.service_level_a, settings.service_level_b, settings.service_level_c),
        holding_cost_pct=settings.holding_cost_pct,
    )


def product_demand(scores: pa.Table) -> ForecastDemand:
    """Return the products of ``scores.demand``, with their weeks in order.

    Raises
    ------
    ForecastUnusable
        Products have unlike numbers of weeks.
    """
    products = scores.filter(pc.equal(scores["level"], "product"))
    products = products.sort_by([("item_id", "ascending"), ("week_start_date", "ascending")])
    item = products["item_id"].to_numpy(zero_copy_only=False)
    ids, first, counts = np.unique(item, return_index=True, return_counts=True)
    n_weeks = int(counts[0]) if len(counts) else 1
    if (counts != n_weeks).any():
        raise ForecastUnusable(
            f"Got {counts.min()} to {counts.max()} weeks of demand for a product but expected the same number for "
            "all. Score demand again for this night."
        )

    def weeks(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = pc.fill_null(products[name].cast(pa.float64()), np.nan).to_numpy()
        return values.reshape(-1, n_weeks)

    categories = products["category_id"].to_numpy(zero_copy_only=False)[first]
    quantiles = np.stack([weeks(name) for name in _QUANTILES], axis=2)
    return ForecastDemand(ids, np.asarray(categories, dtype=object), WeeklyDemand(weeks("units"), quantiles))


def _table(columns: dict[str, NDArray[Any]], night: Night, run_id: str) -> pa.Table:
    n = len(columns["product_id"])
    fixed = {
        "as_of_date": pa.repeat(pa.scalar(night.as_of_date, pa.date32()), n),
        "policy_version": pa.repeat(POLICY_VERSION, n),
        "run_id": pa.repeat(run_id, n),
    }
    return pa.table(
        {
            column.name: fixed[column.name]
            if column.name in fixed
            else pa.array(columns[column.name], from_pandas=True).cast(ARROW_TYPES[column.type])
            for column in TABLE.columns
        }
    )
