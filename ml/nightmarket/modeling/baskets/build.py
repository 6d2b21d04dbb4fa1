"""The rows of a night: every active customer's candidates at one origin, from the order lines known there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightmarket.clock import number_of_day
from nightmarket.modeling.baskets.affinity import ItemText
from nightmarket.modeling.baskets.history import Catalogue, Codes, Lines, make_history
from nightmarket.modeling.baskets.ranking_rows import make_ranking_rows
from nightmarket.modeling.codes import encode
from nightmarket.modeling.frames import Frame

if TYPE_CHECKING:
    from nightmarket.families.base import Inputs

ACTIVE_DAYS = 56
"""A customer is active, and so scored, with a purchase in this many days before the origin; dbt's ``active_days``."""
MIN_LIKENESS = 0.5
"""Cosine of two products' texts below which neither is called like the other."""


@dataclass(frozen=True)
class BasketFrame(Frame):
    """A frame with what the catalogue says of its items, each (n_items,): None where it has no word, or no text."""

    item_names: NDArray[np.object_] | None = None
    item_categories: NDArray[np.object_] | None = None
    item_text: ItemText | None = None


def build_basket_rows(inputs: Inputs, as_of: date) -> BasketFrame:
    """Return the candidates of every active customer at ``as_of``, with their features, sorted by customer and product.

    Wares alone are bought and offered: no coupons, no fuel, nothing without a category, nothing the catalogue
    does not know. Returns are no purchases.
    """
    products = inputs.products(as_of)
    wares = products.filter(products.column("is_ware")).sort_by("product_id")
    known = inputs.order_lines(as_of)
    is_purchase = pc.and_(pc.greater(known.column("quantity"), 0), pc.greater_equal(known.column("sales_amount"), 0))
    known = known.filter(pc.and_(is_purchase, pc.is_in(known.column("product_id"), wares.column("product_id"))))
    # Products never sold are nobody's candidates.
    wares = wares.filter(pc.is_in(wares.column("product_id"), known.column("product_id")))
    customer_ids, customer = encode(known.column("customer_id"))
    item_ids, item = encode(known.column("product_id"))
    cut = number_of_day(as_of)
    day = known.column("order_date").cast(pa.int32()).to_numpy().astype(np.int64)
    lines = Lines(
        customer,
        item,
        encode(known.column("order_id"))[1].astype(np.int64),
        day,
        known.column("quantity").to_numpy().astype(np.float64),
        known.column("sales_amount").to_numpy().astype(np.float64),
    )
    last = np.zeros(len(customer_ids), np.int64)
    np.maximum.at(last, customer, day)
    active = last >= cut - ACTIVE_DAYS
    history = make_history(lines, _catalogue(wares), np.full(len(customer_ids), cut, np.int64))
    text = _item_text(wares, inputs)
    rows = make_ranking_rows(history, active=active, text=text)
    # Customers and items without a row are left out.
    used = np.unique(rows.candidates.item)
    place_of_customer, place_of_item = np.cumsum(active) - 1, np.full(len(item_ids), -1)
    place_of_item[used] = np.arange(len(used))
    return BasketFrame(
        as_of_date=as_of,
        customer_ids=customer_ids[active],
        item_ids=item_ids[used],
        customer=place_of_customer[rows.candidates.customer].astype(np.int32),
        item=place_of_item[rows.candidates.item].astype(np.int32),
        columns=rows.features,
        item_names=_words(wares, "product_name", used),
        item_categories=_words(wares, "category_id", used),
        item_text=None if text is None else ItemText(text.vectors, text.text[used]),
    )


def find_alike(customer: Codes, item: Codes, bought: NDArray[np.bool_], text: ItemText | None) -> Codes:
    """Return for each new item of a customer the bought one whose text is nearest; -1 for bought ones, and without any.

    Parameters
    ----------
    customer, item : (n,), sorted by customer
    """
    like = np.full(len(item), -1, np.int32)
    if text is None or not len(item):
        return like
    texts = text.text[item]
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], len(item)), strict=True):
        rows = np.arange(start, end)
        rows = rows[texts[rows] >= 0]
        own, new = rows[bought[rows]], rows[~bought[rows]]
        if len(own) and len(new):
            cosine = text.vectors[texts[new]] @ text.vectors[texts[own]].T
            best = cosine.argmax(axis=1)
            near = cosine[np.arange(len(new)), best] >= MIN_LIKENESS
            like[new[near]] = item[own[best[near]]]
    return like


def _words(wares: pa.Table, column: str, rows: Codes) -> NDArray[np.object_]:
    return np.asarray(wares.column(column).to_pylist(), dtype=object)[rows]


def _catalogue(wares: pa.Table) -> Catalogue:
    category = encode(wares.column("category_id"))[1]
    name = encode(pc.fill_null(wares.column("product_name"), ""))[1].astype(np.int64)
    kind = np.unique(category.astype(np.int64) * (int(name.max(initial=0)) + 1) + name, return_inverse=True)[1]
    return Catalogue(category, kind.ravel().astype(np.int32))


def _item_text(wares: pa.Table, inputs: Inputs) -> ItemText | None:
    """Return the wares' text vectors, scaled to length 1; None where no ware has text."""
    hashes, vectors = inputs.text_vectors()
    found = pc.index_in(wares.column("text_hash"), value_set=hashes)
    text = pc.fill_null(found, -1).to_numpy().astype(np.int32)
    if not len(vectors) or not (text >= 0).any():
        return None
    return ItemText(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), text)
