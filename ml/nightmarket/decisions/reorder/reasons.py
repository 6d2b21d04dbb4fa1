"""The reason of each row of the plan, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightmarket.decisions.exact import exact_units
from nightmarket.decisions.reorder.rows import NONE, RECENT_WEEKS

STALE_STOCK_DAYS = 7
"""Days after which the reason says how old the stock count is, though nothing in stock was counted later."""


@dataclass(frozen=True)
class Given:
    """A row's stock as the shop gave it; NaN for a number that it did not give."""

    age_days: float
    on_hand: float
    on_order: float
    lead_time_days: float
    pack_size: float
    min_order: float
    unit_cost: float
    unit_margin: float
    holding_cost: float


@dataclass(frozen=True)
class Row:
    """What is told of one row; NaN for a number that is not known."""

    demand_source: int
    is_sold_here: bool
    has_stock: bool
    is_overstock: bool
    is_stock_out_risk: bool
    expected: float
    safety_stock: float
    reorder_point: float
    order_up_to: float
    on_hand: float
    on_order: float
    at_supplied_places: float
    supplied_by: str
    order: float
    pack_size: float
    min_order: float
    cover_days: float
    stock_out_probability: float
    service_level: float
    class_name: str
    is_newsvendor: bool
    lead_time_days: int
    is_lead_time_given: bool
    horizon_days: int
    has_price: bool
    newest_age_days: float
    given: Given


def reason_of(row: Row) -> str:
    """Return one sentence: what to do, from which numbers, and every fallback that was taken."""
    return "; ".join([_what_to_do(row), *_fallbacks(row)])


def _what_to_do(row: Row) -> str:
    if row.demand_source == NONE:
        return f"not sold in 182 days: order nothing, {exact_units(row.on_hand)} on hand"
    if not row.is_sold_here:
        return f"not sold here in 182 days: order nothing, {_there(row)}"
    of_level = f"{100 * row.service_level:.1f} % ({'margin against holding' if row.is_newsvendor else row.class_name})"
    if row.reorder_point == 0 and not row.is_overstock:
        told = f"order nothing: {_there(row)}, " if row.has_stock else "no stock data: "
        return f"{told}not worth holding at {of_level}, {_expected(row.expected)} expected in {row.horizon_days} days"
    needed = (
        f"{_expected(row.expected)} expected in {row.horizon_days} days and {_expected(row.safety_stock)} of safety "
        f"stock for {of_level}"
    )
    if not row.has_stock:
        levels = f"order below {exact_units(row.reorder_point)}, up to {exact_units(row.order_up_to)}"
        return f"no stock data: {levels}, for {needed}"
    there = _there(row)
    if row.order > 0:
        told = f"order {exact_units(row.order)}{_how_ordered(row)}: {there}, "
        told += f"below the reorder point of {exact_units(row.reorder_point)}: {needed}"
    elif row.is_overstock:
        cover = "no demand" if np.isnan(row.cover_days) else f"{_days(row.cover_days)} of demand"
        told = f"order nothing, overstock: {there}, {cover}, for a level of {exact_units(row.order_up_to)}"
    else:
        told = f"order nothing: {there}, enough for the reorder point of {exact_units(row.reorder_point)}"
    if row.is_stock_out_risk:
        chance = f"{100 * row.stock_out_probability:.0f}" if row.stock_out_probability < 0.995 else "over 99"
        told += f"; runs out within the lead time with a probability of {chance} %"
    return told


def _there(row: Row) -> str:
    said = f"{exact_units(row.on_hand)} on hand"
    if row.on_order > 0:
        said += f" and {exact_units(row.on_order)} on order"
    if not np.isnan(row.at_supplied_places):
        said += f", {exact_units(row.at_supplied_places)} at the places it supplies"
    return said


def _how_ordered(row: Row) -> str:
    """Return the packs of the order, and the minimum where a pack less would have been enough."""
    said = []
    pack = row.pack_size if row.pack_size > 0 else 1.0
    if pack != 1:
        n_packs = round(row.order / pack)
        said.append(f"{n_packs:,} pack{'' if n_packs == 1 else 's'} of {exact_units(pack)}")
    position = row.on_hand + np.nan_to_num(row.on_order) + np.nan_to_num(row.at_supplied_places)
    if row.min_order > 0 and position + row.order - pack >= row.reorder_point:
        said.append(f"for the minimum order of {exact_units(row.min_order)}")
    return f" ({', '.join(said)})" if said else ""


def say_suppliers(places: Sequence[tuple[str, float]]) -> str:
    """Return which places supply a row, with the units on hand there."""
    # Stock without a place lies somewhere all the same.
    names = places[0][0] or "a place without a name" if len(places) == 1 else f"{len(places)} places"
    return f"supplied by {names}, {exact_units(sum(units for _, units in places))} on hand there"


def _fallbacks(row: Row) -> list[str]:
    said = [row.supplied_by] if row.supplied_by and row.order > 0 else []
    if row.demand_source == RECENT_WEEKS:
        said.append("no forecast: its last 26 weeks stand for it")
    if row.has_stock:
        said += _of_stock(row, row.given)
    if not row.has_price and row.demand_source != NONE:
        said.append("price unknown")
    return said


def _of_stock(row: Row, given: Given) -> list[str]:
    """Return what is missing of the stock, or not believed, and what stands for it."""
    said = []
    if given.on_hand < 0:
        said.append(f"stock given as {exact_units(given.on_hand)}, taken as 0")
    if np.isnan(given.on_order):
        said.append("on order unknown, taken as 0")
    elif given.on_order < 0:
        said.append(f"on order given as {exact_units(given.on_order)}, taken as 0")
    if given.age_days > min(STALE_STOCK_DAYS, row.newest_age_days):
        said.append(f"stock counted {given.age_days:.0f} days ago")
    if np.isnan(given.lead_time_days):
        said.append(f"lead time not given, {row.lead_time_days} days assumed")
    elif not row.is_lead_time_given:
        said.append(f"lead time given as {given.lead_time_days:.0f}, not believed: {row.lead_time_days} days assumed")
    if given.pack_size < 0:
        said.append(f"pack size given as {exact_units(given.pack_size)}, single units assumed")
    if given.min_order < 0:
        said.append(f"minimum order given as {exact_units(given.min_order)}, none assumed")
    if given.unit_margin < 0:
        said.append(f"margin given as {given.unit_margin:g}: its class sets the level")
    for name, amount in (("unit cost", given.unit_cost), ("holding cost", given.holding_cost)):
        if amount < 0:
            said.append(f"{name} given as {amount:g}, not believed")
    return said


def _expected(value: float) -> str:
    """Return units that are expected, which no decimal makes more certain."""
    if 0 < abs(value) < 0.05:
        return "less than 0.1"
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def _days(value: float) -> str:
    return f"{value:,.0f} days" if value < 3650 else "more than 10 years"
