"""From demand, sales and stock to the rows of the reorder plan. Pure: arrays in, columns out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.classes import abc_classes, xyz_classes
from nightmarket.decisions.reorder.inputs import ForecastDemand, LocationSales, RecentSales, Rules, Stock
from nightmarket.decisions.reorder.lead_time_demand import LEVELS, DemandOver, WeeklyDemand, demand_over, expected_units
from nightmarket.decisions.reorder.policy import (
    Levels,
    cover_days,
    holding_per_year,
    is_overstock,
    stock_levels,
    suggested_order,
)
from nightmarket.decisions.reorder.reasons import Given, Row, reason_of, say_suppliers
from nightmarket.decisions.reorder.rows import Places, ProductFacts, places_of, product_facts
from nightmarket.decisions.reorder.service_level import (
    NEWSVENDOR,
    ServiceLevels,
    critical_ratio,
    service_levels,
)

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]

GIVEN, DEFAULT = "given", "default"
MAX_LEAD_TIME_DAYS = 730
"""A longer lead time is a date or a code (the border warns of it) and is not believed."""


def plan_reorder(
    demand: ForecastDemand, sales: RecentSales, stock: Stock, sold: LocationSales, rules: Rules
) -> Columns:
    """Return the plan's columns by name, sorted by product and location; NaN stands for null in numbers.

    ``is_stock_out_risk`` and ``is_overstock`` are objects, with None for null.
    """
    products = product_facts(demand, sales, stock)
    places = places_of(products.product_ids, stock, sold)
    abc = abc_classes(products.sales_amount, products.product_ids)[places.product]
    xyz = xyz_classes(products.recent_units)[places.product]
    known = _stock_at(stock, places)
    service = _service(abc, xyz, known, rules)
    given = (known["lead_time_days"] >= 1) & (known["lead_time_days"] <= MAX_LEAD_TIME_DAYS)
    lead_time = np.where(given, known["lead_time_days"], rules.lead_time_days).astype(np.int64)
    weekly = WeeklyDemand(products.weekly.units[places.product], products.weekly.quantiles[places.product])
    over = demand_over(weekly, lead_time + rules.review_period_days, share=places.share, level=service.level)
    levels = stock_levels(over.expected, over.at_level, pack=known["pack_size"], min_order=known["min_order"])
    on_hand = np.maximum(known["on_hand"], 0)
    on_order = np.maximum(known["on_order"], 0)
    own = on_hand + np.nan_to_num(on_order)
    elsewhere = places.held_elsewhere(own)
    position = own + np.nan_to_num(elsewhere)
    stock_out = _stock_out(weekly, lead_time, places.share, position)
    n_days_ahead = 7 * weekly.units.shape[1]
    over_stocked = is_overstock(position, levels, expected_units(weekly, n_days_ahead) * places.share)
    has_stock = places.stock >= 0
    units_sold = products.recent_units.sum(axis=1)
    priced = (units_sold > 0) & (products.sales_amount > 0)
    price = np.where(priced, products.sales_amount / np.where(priced, units_sold, 1), np.nan)
    columns: Columns = {
        "product_id": products.product_ids[places.product],
        "location_id": places.location_ids,
        "category_id": products.category_ids[places.product],
        "abc_class": abc.astype(object),
        "xyz_class": xyz.astype(object),
        "service_level": service.level,
        "service_level_basis": service.basis,
        "lead_time_days": lead_time,
        "lead_time_basis": np.where(given, GIVEN, DEFAULT).astype(object),
        "review_period_days": np.full(len(lead_time), rules.review_period_days),
        **_of_demand(over, levels),
        "pack_size": _above_zero(known["pack_size"]),
        "min_order_quantity": _above_zero(known["min_order"]),
        "on_hand_units": on_hand,
        "on_order_units": on_order,
        "supplied_places_units": elsewhere,
        "suggested_order_units": suggested_order(levels, position),
        "cover_days": cover_days(on_hand + np.nan_to_num(places.held_elsewhere(on_hand)), weekly, places.share),
        "stock_out_probability": stock_out,
        "is_stock_out_risk": _flags(stock_out > 1 - service.level, has_stock),
        "is_overstock": _flags(over_stocked, has_stock),
        "unit_price_amount": price[places.product],
    }
    columns = {name: np.round(c, 4) if c.dtype == np.float64 else c for name, c in columns.items()}
    columns["reason"] = _reasons(columns, products, places, known, _suppliers(columns, places))
    return columns


def _flags(flags: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return the flags, None where they are not known."""
    found = flags.astype(object)
    found[~known] = None
    return found


def _above_zero(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _stock_at(stock: Stock, places: Places) -> Mapping[str, Floats]:
    """Return the numbers of the stock of each place, NaN without any."""
    has_stock = places.stock >= 0

    def at(values: Floats) -> Floats:
        found = np.full(len(places.stock), np.nan)
        found[has_stock] = values[places.stock[has_stock]]
        return found

    return {one.name: at(getattr(stock, one.name)) for one in fields(Given)}


def _service(abc: NDArray[np.str_], xyz: NDArray[np.str_], known: Mapping[str, Floats], rules: Rules) -> ServiceLevels:
    holding = holding_per_year(known["holding_cost"], known["unit_cost"], holding_cost_pct=rules.holding_cost_pct)
    ratio = critical_ratio(known["unit_margin"], holding, review_period_days=rules.review_period_days)
    return service_levels(abc, xyz, ratio, by_class=rules.service_levels)


def _stock_out(weekly: WeeklyDemand, lead_time: NDArray[np.int64], share: Floats, position: Floats) -> Floats:
    """Return the probability that demand over the lead time exceeds the position; NaN where that is not known.

    As in the levels, whole units are the line up to half a unit more: with nothing there, .2 units are no sale missed.
    """
    found = np.full(len(position), np.nan)
    rows = np.flatnonzero(np.isfinite(position))
    if len(rows):
        of_rows = WeeklyDemand(weekly.units[rows], weekly.quantiles[rows])
        found[rows] = demand_over(of_rows, lead_time[rows], share=share[rows], above=position[rows] + 0.5).exceedance
    return found


def _of_demand(over: DemandOver, levels: Levels) -> Columns:
    quantiles = {f"demand_units_p{100 * of:02.0f}": over.quantiles[:, i] for i, of in enumerate(LEVELS)}
    return {
        "demand_units": over.expected,
        **quantiles,
        "safety_stock_units": levels.safety_stock,
        "reorder_point_units": levels.reorder_point,
        "order_up_to_units": levels.order_up_to,
    }


def _suppliers(columns: Columns, places: Places) -> list[str]:
    """Return what supplies each row, with what it has; empty for places that nothing supplies."""
    found: dict[int, list[tuple[str, float]]] = {}
    for row in np.flatnonzero(places.supplies).tolist():
        here = (places.location_ids[row], columns["on_hand_units"][row])
        found.setdefault(int(places.product[row]), []).append(here)
    said = {product: say_suppliers(those) for product, those in found.items()}
    rows = zip(places.product.tolist(), places.supplies.tolist(), strict=True)
    return ["" if supplies else said.get(product, "") for product, supplies in rows]


def _reasons(
    columns: Columns, products: ProductFacts, places: Places, known: Mapping[str, Floats], suppliers: list[str]
) -> NDArray[np.object_]:
    """Return the sentence of each row; a Python loop, 50,000 rows in under a second."""
    has_stock = places.stock >= 0
    return np.array(
        [
            reason_of(Row(*row))
            for row in zip(
                products.demand_source[places.product].tolist(),
                (places.share > 0).tolist(),
                has_stock.tolist(),
                (columns["is_overstock"] == True).tolist(),  # noqa: E712 - None is neither
                (columns["is_stock_out_risk"] == True).tolist(),  # noqa: E712
                columns["demand_units"].tolist(),
                columns["safety_stock_units"].tolist(),
                columns["reorder_point_units"].tolist(),
                columns["order_up_to_units"].tolist(),
                columns["on_hand_units"].tolist(),
                columns["on_order_units"].tolist(),
                columns["supplied_places_units"].tolist(),
                suppliers,
                columns["suggested_order_units"].tolist(),
                columns["pack_size"].tolist(),
                columns["min_order_quantity"].tolist(),
                columns["cover_days"].tolist(),
                columns["stock_out_probability"].tolist(),
                columns["service_level"].tolist(),
                [f"class {a}{x}" for a, x in zip(columns["abc_class"], columns["xyz_class"], strict=True)],
                (columns["service_level_basis"] == NEWSVENDOR).tolist(),
                columns["lead_time_days"].tolist(),
                (columns["lead_time_basis"] == GIVEN).tolist(),
                (columns["lead_time_days"] + columns["review_period_days"]).tolist(),
                np.isfinite(columns["unit_price_amount"]).tolist(),
                [float(np.nanmin(known["age_days"])) if has_stock.any() else np.nan] * len(has_stock),
                (Given(*one) for one in zip(*(values.tolist() for values in known.values()), strict=True)),
                strict=True,
            )
        ],
        dtype=object,
    )
