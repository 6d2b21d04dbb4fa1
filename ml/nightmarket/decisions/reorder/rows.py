"""The rows of the plan: which products and places, with what is known of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.inputs import ForecastDemand, LocationSales, RecentSales, Stock
from nightmarket.decisions.reorder.lead_time_demand import LEVELS, WeeklyDemand

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

FORECAST, RECENT_WEEKS, NONE = 0, 1, 2
"""Where a product's demand comes from: its forecast, its recent weeks as they were, or nothing (it was never sold)."""


@dataclass(frozen=True)
class ProductFacts:
    """One row per product of the plan, sorted: demand, sales, and where the demand comes from."""

    product_ids: NDArray[np.object_]
    category_ids: NDArray[np.object_]
    weekly: WeeklyDemand
    demand_source: NDArray[np.int64]
    recent_units: Floats
    sales_amount: Floats


@dataclass(frozen=True)
class Places:
    """One row per product and location of the plan, sorted by both.

    Attributes
    ----------
    product : position in :class:`ProductFacts`
    stock : position in :class:`~nightmarket.decisions.reorder.inputs.Stock`, -1 without stock data
    share : part of the product's demand that this place serves
    supplies : whether it sells nothing itself and supplies the product's other places
    """

    product: Positions
    location_ids: NDArray[np.object_]
    stock: Positions
    share: Floats
    supplies: NDArray[np.bool_]

    def held_elsewhere(self, units: Floats) -> Floats:
        """Return what the places that a place supplies hold of ``units``; NaN where it supplies none.

        Several places that supply the same product have equal parts of it.
        """
        n_products = int(self.product.max(initial=-1)) + 1
        at_others = np.bincount(self.product, np.where(self.supplies, 0, np.nan_to_num(units)), minlength=n_products)
        n_supplying = np.bincount(self.product, self.supplies, minlength=n_products)
        part = at_others / np.maximum(n_supplying, 1)
        return np.where(self.supplies, part[self.product], np.nan)


def product_facts(demand: ForecastDemand, sales: RecentSales, stock: Stock) -> ProductFacts:
    """Return what is known of every product that has a forecast or is in stock.

    A product in stock without a forecast (a catalogue without a category for it, a kind of goods that is not
    forecast) is planned with the quantiles of its recent weeks; one that was not sold has no demand.
    """
    ids = np.unique(np.concatenate([demand.product_ids, stock.product_ids]).astype(object))
    in_demand = positions_of(ids, demand.product_ids)
    in_sales = positions_of(ids, sales.product_ids)
    recent = np.where(in_sales[:, None] >= 0, sales.units[in_sales] if len(sales.units) else 0, 0.0)
    if not len(sales.units):
        recent = np.zeros((len(ids), max(sales.units.shape[1], 1)))
    n_weeks = demand.weekly.units.shape[1]
    units = np.zeros((len(ids), n_weeks))
    quantiles = np.zeros((len(ids), n_weeks, len(LEVELS)))
    has = in_demand >= 0
    units[has] = demand.weekly.units[in_demand[has]]
    quantiles[has] = demand.weekly.quantiles[in_demand[has]]
    sold = ~has & (recent > 0).any(axis=1)
    units[sold] = recent[sold].mean(axis=1)[:, None]
    if sold.any():
        quantiles[sold] = np.quantile(recent[sold], LEVELS, axis=1).T[:, None, :]
    categories = np.full(len(ids), None, dtype=object)
    categories[has] = demand.category_ids[in_demand[has]]
    amount = np.zeros(len(ids))
    amount[in_sales >= 0] = sales.sales_amount[in_sales[in_sales >= 0]]
    return ProductFacts(
        product_ids=ids,
        category_ids=categories,
        weekly=WeeklyDemand(units, quantiles),
        demand_source=np.select([has, sold], [FORECAST, RECENT_WEEKS], NONE),
        recent_units=recent,
        sales_amount=amount,
    )


def places_of(product_ids: NDArray[np.object_], stock: Stock, sold: LocationSales) -> Places:
    """Return the places of each product: where it is in stock, or one without a name.

    A product's demand is divided among the places that stock it as its recent units were sold there; equally where
    none of them sold any. What was sold elsewhere is served from these. A place at which nothing at all was sold (a
    warehouse) supplies the others that stock the product: it answers for the demand of all of them, and for what was
    sold where none is kept.
    """
    product = positions_of(stock.product_ids, product_ids)
    without = np.flatnonzero(~np.isin(np.arange(len(product_ids)), product))
    units = np.maximum(_units_at(stock, sold), 0)
    n = len(product_ids)
    sells = np.isin(stock.location_ids, np.unique(sold.location_ids))
    n_places, n_selling = np.bincount(product, minlength=n)[product], np.bincount(product, sells, minlength=n)[product]
    is_supplied = (n_selling > 0) & (n_selling < n_places)
    supplies = is_supplied & ~sells
    of_product = np.where(
        is_supplied, _units_of(product_ids, sold)[product], np.bincount(product, units, minlength=n)[product]
    )
    share = np.where(of_product > 0, units / np.where(of_product > 0, of_product, 1), 1 / np.maximum(n_places, 1))
    share = np.where(supplies, 1 / np.maximum(n_places - n_selling, 1), share)
    all_products = np.concatenate([product, without])
    locations = np.concatenate([stock.location_ids, np.full(len(without), "", dtype=object)])
    order = np.lexsort((locations, all_products))
    return Places(
        product=all_products[order],
        location_ids=locations[order],
        stock=np.concatenate([np.arange(len(product)), np.full(len(without), -1)])[order],
        share=np.concatenate([share, np.ones(len(without))])[order],
        supplies=np.concatenate([supplies, np.zeros(len(without), bool)])[order],
    )


def positions_of(wanted: NDArray[np.object_], ids: NDArray[np.object_]) -> Positions:
    """Return where each of ``wanted`` is in the sorted ``ids``, -1 where it is not."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1).astype(np.int64)


def _units_of(product_ids: NDArray[np.object_], sold: LocationSales) -> Floats:
    """Return the units of each product that were sold anywhere."""
    at = positions_of(sold.product_ids, product_ids)
    units = np.bincount(at[at >= 0], np.maximum(sold.units[at >= 0], 0), minlength=len(product_ids))
    return units.astype(np.float64)


def _units_at(stock: Stock, sold: LocationSales) -> Floats:
    """Return the units sold at each row of stock."""
    units = dict(zip(zip(sold.product_ids, sold.location_ids, strict=True), sold.units, strict=True))
    places = zip(stock.product_ids, stock.location_ids, strict=True)
    return np.array([units.get(place, 0.0) for place in places], dtype=float)
