"""Read what the morning report says of the decisions of a night, and of the sales that they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.families import FAMILIES, SERVED_TABLES
from nightmarket.io import served_decisions as served
from nightmarket.io.served_figures import read_names
from nightmarket.io.serving import Run
from nightmarket.io.weekly_sales import read_weekly_sales
from nightmarket.report.decisions import (
    CampaignResult,
    CampaignTargets,
    Contact,
    ContactSection,
    Decisions,
    FurtherTable,
    Order,
    OrderSection,
    PlanTotals,
)
from nightmarket.report.outlooks import tell_apart
from nightmarket.report.sections import Share
from nightmarket.steps.reporting.outlooks import DEMAND, SALES, WEEKS_SOLD, describe_forecast, make_outlooks

N_ORDERS, N_OUTLOOKS, N_CAUSES, N_RESULTS, N_CONTACTS = 25, 3, 3, 12, 5

NOT_MEASURED_DAYS = 56
"""So long after its end a campaign that cannot be measured is in the report, time to deliver what is missing. Some
never can be, and the list of them would grow for ever; the night's record keeps them all."""

OVER = "ended on "
"""How ``decide`` begins the reason of a campaign that is over."""

PLAN, TARGETS = "decisions.reorder_plan", "decisions.campaign_targets"


@dataclass(frozen=True)
class Shop:
    """The landed files that names and past sales are read from; without files there are ids and no past."""

    currency: str
    orders: Sequence[Path] = ()
    products: Sequence[Path] = ()
    campaigns: Sequence[Path] = ()
    product_names: Mapping[str, str] = field(default_factory=dict)


def describe_decisions(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    runs: Mapping[str, Run],
    shop: Shop,
    *,
    label_cutoffs: Mapping[str, str],
    left_out: Mapping[str, str] | None = None,
    not_measured: Mapping[str, Mapping[str, str]] | None = None,
) -> Decisions | None:
    """Return what was decided in a night; None where no table beside the families' was published.

    Parameters
    ----------
    runs
        The published tables of the night, by name.
    label_cutoffs
        Before when the models know labels, by the table that they scored.
    left_out
        By campaign that ``decide`` has no rows of, why.
    not_measured
        By campaign that is over and that ``publish`` could not measure, ``end_date`` and ``reason``.
    """
    of_families = {family.score_table for family in FAMILIES.values()}
    further = [run for name, run in sorted(runs.items()) if name not in of_families]
    if not further:
        return None
    risks = served.read_top_risks(connection, as_of, N_ORDERS) if PLAN in runs else []
    shown = list(dict.fromkeys(row["product_id"] for row in risks))
    past = None
    if {DEMAND, SALES} & runs.keys():
        past = read_weekly_sales(shop.orders, shop.products, as_of=as_of, n_weeks=WEEKS_SOLD, products=shown)
    categories = read_names(shop.products, "category_id")
    orders = None
    if PLAN in runs:
        products = shop.product_names or (read_names(shop.products, "product_id") if risks else {})
        weeks = served.read_outlooks(connection, as_of, "product", shown) if DEMAND in runs else []
        sold = past.units_of_product if past else None
        outlooks = make_outlooks(weeks, as_of, "units", names=products, sold=sold)
        by_id = {one.id: one for one in outlooks if max(one.p95) > 0}
        orders = OrderSection(
            PlanTotals(*served.read_plan_totals(connection, as_of)),
            shop.currency,
            tuple(_order(row, products, categories) for row in risks),
            tell_apart([by_id[one] for one in shown if one in by_id][:N_OUTLOOKS]),
        )
    return Decisions(
        orders=orders,
        contacts=_contacts(connection, as_of, shop, left_out or {}, not_measured or {}) if TARGETS in runs else None,
        forecast=describe_forecast(connection, as_of, runs, past, currency=shop.currency, categories=categories),
        published=tuple(_further(run, label_cutoffs.get(run.table_name)) for run in further),
    )


def _further(run: Run, label_cutoff: str | None) -> FurtherTable:
    keys = [key.removesuffix("_id").removesuffix("_start_date") for key in SERVED_TABLES[run.table_name].key]
    grain = " × ".join(key for key in keys if key != "as_of_date")
    return FurtherTable(
        run.table_name, run.n_rows, run.model_version, run.recipe, run.run_id, run.published_sha256, grain, label_cutoff
    )


def _order(row: Mapping[str, Any], products: Mapping[str, str], categories: Mapping[str, str]) -> Order:
    category = row["category_id"]
    return Order(
        product_id=row["product_id"],
        product=products.get(row["product_id"], row["product_id"]),
        category=categories.get(category, category),
        location=row["location_id"] or "",
        demand_class=f"{row['abc_class'] or ''}{row['xyz_class'] or ''}",
        horizon_days=int(row["lead_time_days"] or 0) + int(row["review_period_days"] or 0),
        demand=row["demand_units"] or 0.0,
        demand_low=row["demand_units_p05"] or 0.0,
        demand_high=row["demand_units_p95"] or 0.0,
        reorder_point=row["reorder_point_units"] or 0.0,
        order_up_to=row["order_up_to_units"] or 0.0,
        at_stake=row["at_stake_amount"],
        reason=row["reason"] or "",
        on_hand=row["on_hand_units"],
        on_order=row["on_order_units"],
        suggested=row["suggested_order_units"],
        cover_days=row["cover_days"],
        stock_out_probability=row["stock_out_probability"],
    )


def _contacts(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    shop: Shop,
    left_out: Mapping[str, str],
    not_measured: Mapping[str, Mapping[str, str]],
) -> ContactSection:
    names = served.read_campaign_names([str(path) for path in shop.campaigns])
    causes = served.read_left_alone(connection, as_of)
    contacts = served.read_first_contacts(connection, as_of, N_CONTACTS)
    campaigns = [
        CampaignTargets(
            **{**row, "value_bases": tuple(row["value_bases"] or ())},
            name=_name(names, row["campaign_id"]),
            left_alone_for=tuple(Share(*one) for one in causes.get(row["campaign_id"], [])[:N_CAUSES]),
            first_contacts=tuple(Contact(**one) for one in contacts.get(row["campaign_id"], [])),
        )
        for row in served.read_campaigns(connection, as_of)
    ]
    results = [
        CampaignResult(**row, name=_name(names, row["campaign_id"]))
        for row in served.read_results(connection, as_of)[:N_RESULTS]
    ]
    # What is over is no news, and the list of it would grow for ever.
    waiting = [(_name(names, one), why) for one, why in sorted(left_out.items()) if not why.startswith(OVER)]
    oldest = as_of - timedelta(days=NOT_MEASURED_DAYS)
    unmeasured = [
        (_name(names, one), why["reason"])
        for one, why in sorted(not_measured.items())
        if date.fromisoformat(why["end_date"]) >= oldest
    ]
    return ContactSection(shop.currency, tuple(campaigns), tuple(results), tuple(waiting), tuple(unmeasured))


def _name(names: Mapping[str, str], campaign_id: str) -> str:
    return names.get(campaign_id, f"Campaign {campaign_id}")
