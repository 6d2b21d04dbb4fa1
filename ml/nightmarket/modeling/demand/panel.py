"""What was known of demand at an origin: weekly units of every product, and what surrounds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import PanelUnusable
from nightmarket.modeling.calendar_effects import Holiday

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
HORIZON = 8
"""Weeks that are forecast."""
ACTIVE_WEEKS = 26
"""A product is forecast while its last sale is not older (182 days)."""
MIN_IN_STOCK = 0.5
"""A week with less of its days in stock says too little about demand: it is missing."""


@dataclass(frozen=True)
class Panel:
    """n products over W weeks; a week is the 7 days that end before ``as_of_date`` or a multiple of 7 days earlier.

    Attributes
    ----------
    as_of_date : the origin; nothing in the panel happened or arrived on it or later
    product_ids, category_ids : sorted and distinct, (n,) and (c,)
    category : (n,) position among ``category_ids``; -1 where it is unknown
    units, sales_amount : (n, W), returns taken off; column W - 1 is the newest week
    promoted : (n, W) share of the week's days with a promotion that was known; 0 without any
    promoted_ahead : (n, 8) the same for the weeks to come; NaN where no plan had arrived
    in_stock : (n, W) share of the week's days in stock; 1 where stock is not known
    age_weeks : (n,) weeks since the first sale, rounded up; 0 for a product never sold
    text : (n, d) unit vectors of the products' text; None where text is not read
    intents : (k, W) purchase intents summed over customers, by category; NaN where there were none; k is c
    holidays : of the past and to come, as far as they were known
    """

    as_of_date: date
    product_ids: NDArray[np.object_]
    category_ids: NDArray[np.object_]
    category: NDArray[np.int32]
    units: Doubles
    sales_amount: Doubles
    promoted: Floats
    promoted_ahead: Floats
    in_stock: Floats
    age_weeks: NDArray[np.int32]
    text: Floats | None = None
    intents: Floats | None = None
    holidays: tuple[Holiday, ...] = ()

    def __post_init__(self) -> None:
        n, weeks = self.units.shape
        expected: dict[str, tuple[int, ...]] = {
            "product_ids": (n,),
            "category": (n,),
            "sales_amount": (n, weeks),
            "promoted": (n, weeks),
            "promoted_ahead": (n, HORIZON),
            "in_stock": (n, weeks),
            "age_weeks": (n,),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise PanelUnusable(
                    f"Got {name} of shape {getattr(self, name).shape} but expected {shape}, as units has. "
                    "Build the panel from one list of products and one of weeks."
                )
        if self.text is not None and len(self.text) != n:
            raise PanelUnusable(f"Got text for {len(self.text)} products but expected {n}. Give one vector a product.")
        if self.intents is not None and self.intents.shape != (len(self.category_ids), weeks):
            raise PanelUnusable(
                f"Got intents of shape {self.intents.shape} but expected {(len(self.category_ids), weeks)}. "
                "Sum them by the panel's categories and weeks; NaN where there were none."
            )
        if not np.isfinite(self.units).all():
            raise PanelUnusable(
                "Got units that are not finite numbers but expected a number in every week. "
                "A week without a sale is 0; a week out of stock is told by in_stock."
            )

    @property
    def n_weeks(self) -> int:
        return int(self.units.shape[1])

    def active(self) -> NDArray[np.int64]:
        """Return the positions of the products sold in the last 26 weeks."""
        return np.flatnonzero((self.units[:, -ACTIVE_WEEKS:] != 0).any(axis=1))

    def demand(self) -> Doubles:
        """Return units as demand, (n, W): never below 0, NaN for weeks before the first sale or mostly out of stock.

        A week that was in stock for a part of its days counts as so much more demand.
        """
        in_stock = self.in_stock.astype(np.float64)
        known = in_stock >= MIN_IN_STOCK
        demand = np.where(known, np.maximum(self.units, 0) / np.where(known, in_stock, 1), np.nan)
        age = self.n_weeks - np.arange(self.n_weeks)
        return np.asarray(np.where(age <= self.age_weeks[:, None], demand, np.nan), np.float64)

    def without_intents(self) -> Panel:
        return replace(self, intents=None)

    def without_text(self) -> Panel:
        return replace(self, text=None)

    def week_start(self, week: int) -> date:
        """Return the first day of week ``week`` from the origin on; 0 is the week that starts with ``as_of_date``."""
        return self.as_of_date + timedelta(days=7 * week)


def build_panel(
    sales: Any,
    as_of_date: date,
    *,
    products: Any,
    promotions: Any | None = None,
    stock: Any | None = None,
    holidays: Sequence[Holiday] = (),
    max_weeks: int = 104,
) -> Panel:
    """Build a panel from arrow tables; rows on or after the origin, or not known by then, are left out.

    Parameters
    ----------
    sales : pyarrow.Table
        ``product_id``, ``quantity``, ``sales_amount`` and ``order_date`` (lines) or ``week_start_date`` (weeks that
        are aligned with the origin). With ``arrived_date`` and ``superseded_date`` a version counts while it was
        known at the origin. Sales of products that are not in ``products`` are left out, and so are products without
        a sale.
    products : pyarrow.Table
        ``product_id``, ``category_id`` (null: unknown). One row per product.
    promotions : pyarrow.Table, optional
        ``product_id``, ``start_date``, ``end_date``, ``arrived_date``: periods, folded over stores and placements.
    stock : pyarrow.Table, optional
        ``product_id``, ``date``, ``in_stock`` (boolean): days of which stock is known.
    holidays : of the past and to come
    max_weeks : the weeks kept; older ones, and days before the first whole week, only tell a product's age

    Raises
    ------
    PanelUnusable
        There is no sale before the origin.
    """
    ids, category_ids, category = _read_products(products)
    origin = np.datetime64(as_of_date, "D")
    on = "order_date" if "order_date" in sales.column_names else "week_start_date"
    day = _days(sales, on)
    known = day < origin
    if "arrived_date" in sales.column_names:
        known &= _days(sales, "arrived_date") < origin
    if "superseded_date" in sales.column_names:
        known &= _days(sales, "superseded_date") >= origin
    product = _positions(sales, ids)
    known &= product >= 0
    if not known.any():
        raise PanelUnusable(
            f"Got no sale before {as_of_date} but expected at least one of a known product. "
            "Give the shop more history, or a later origin."
        )
    ago = (
        ((origin - day[known]).astype(np.int64) - 1) // 7
        if on == "order_date"
        else (origin - day[known]).astype(np.int64) // 7 - 1
    )
    product = product[known]
    # A product without a sale has nothing to forecast from.
    sold, product = np.unique(product, return_inverse=True)
    ids, category = ids[sold], category[sold]
    n_days = int((origin - day[known].min()).astype(np.int64))
    n, weeks = len(ids), min(max_weeks, max(n_days // 7, 1))
    age = np.zeros(n, np.int64)
    np.maximum.at(age, product, ago + 1)
    kept = ago < weeks
    cell = product[kept] * weeks + (weeks - 1 - ago[kept])
    grids = [
        np.bincount(cell, _numbers(sales, name)[known][kept], minlength=n * weeks).reshape(n, weeks)
        for name in ("quantity", "sales_amount")
    ]
    promoted = _share_of_days(promotions, ids, as_of_date, weeks)
    return Panel(
        as_of_date,
        ids,
        category_ids,
        category,
        # Sums of decimals as doubles differ in the last bits with the order of the rows.
        np.round(grids[0], 6),
        np.round(grids[1], 6),
        np.nan_to_num(promoted[:, :weeks]),
        promoted[:, weeks:],
        _stock_share(stock, ids, as_of_date, weeks),
        age.astype(np.int32),
        holidays=tuple(sorted(holidays)),
    )


def _read_products(products: Any) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int32]]:
    product_ids = np.asarray(products.column("product_id").to_pylist(), object)
    names = np.asarray(products.column("category_id").to_pylist(), object)
    order = np.argsort(product_ids.astype(str), kind="stable")
    product_ids, names = product_ids[order], names[order]
    category_ids = np.asarray(sorted({name for name in names if name is not None}), object)
    position = {name: i for i, name in enumerate(category_ids)}
    return product_ids, category_ids, np.asarray([position.get(name, -1) for name in names], np.int32)


def _positions(table: Any, ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the row of each product in ``ids``; -1 where it is not there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(table.column("product_id").cast(pa.string()), pa.array(ids, pa.string()))
    return np.asarray(found.fill_null(-1).to_numpy(), np.int64)


def _days(table: Any, name: str) -> NDArray[np.datetime64]:
    import pyarrow as pa

    return np.asarray(table.column(name).cast(pa.date32()).to_numpy(), "datetime64[D]")


def _numbers(table: Any, name: str) -> Doubles:
    import pyarrow as pa

    return np.asarray(table.column(name).cast(pa.float64()).fill_null(0).to_numpy(), np.float64)


def _share_of_days(promotions: Any | None, ids: NDArray[np.object_], as_of_date: date, weeks: int) -> Floats:
    """Return the promoted share of every week, past and to come, (n, weeks + 8); NaN where nothing is known ahead."""
    first = np.datetime64(as_of_date, "D") - 7 * weeks
    n_days = 7 * (weeks + HORIZON)
    starts_and_ends = np.zeros((len(ids), n_days + 1), np.int16)
    if promotions is not None and len(promotions):
        product = _positions(promotions, ids)
        known = (product >= 0) & (_days(promotions, "arrived_date") < np.datetime64(as_of_date, "D"))
        start = (_days(promotions, "start_date") - first).astype(np.int64).clip(0, n_days)
        end = ((_days(promotions, "end_date") - first).astype(np.int64) + 1).clip(0, n_days)
        np.add.at(starts_and_ends, (product[known], start[known]), 1)
        np.add.at(starts_and_ends, (product[known], end[known]), -1)
    days = np.cumsum(starts_and_ends, axis=1)[:, :n_days] > 0
    share = days.reshape(len(ids), weeks + HORIZON, 7).mean(axis=2, dtype=np.float32)
    # A shop that plans no week ahead for anyone says nothing about it, rather than "no promotion".
    unplanned = ~(share[:, weeks:] > 0).any(axis=0)
    share[:, weeks:][:, unplanned] = np.nan
    return np.asarray(share, np.float32)


def _stock_share(stock: Any | None, ids: NDArray[np.object_], as_of_date: date, weeks: int) -> Floats:
    n = len(ids)
    if stock is None or not len(stock):
        return np.ones((n, weeks), np.float32)
    product = _positions(stock, ids)
    ago = ((np.datetime64(as_of_date, "D") - _days(stock, "date")).astype(np.int64) - 1) // 7
    known = (product >= 0) & (ago >= 0) & (ago < weeks)
    cell = product[known] * weeks + weeks - 1 - ago[known]
    in_stock = np.asarray(stock.column("in_stock").to_numpy(zero_copy_only=False), np.float64)[known]
    days = np.bincount(cell, minlength=n * weeks)
    share = np.bincount(cell, in_stock, minlength=n * weeks) / np.maximum(days, 1)
    return np.asarray(np.where(days > 0, share, 1).reshape(n, weeks), np.float32)
