"""Who bought from which category on which day, as arrays that any earlier day can be read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightmarket.clock import number_of_day
from nightmarket.modeling.codes import number
from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]
Days = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """Distinct (customer, thing, order) rows, sorted by customer, thing and day.

    Attributes
    ----------
    n_things : things are 0 to ``n_things - 1``
    pair : (n,) customer * n_things + thing, ascending
    day : (n,) days since 1970-01-01
    """

    n_customers: int
    n_things: int
    pair: Days
    day: Days

    def before(self, day: int) -> Events:
        known = self.day < day
        return Events(self.n_customers, self.n_things, self.pair[known], self.day[known])

    def count(self, weights: Doubles | None = None) -> Doubles:
        """Return orders (or the sum of ``weights``) by customer and thing, shape (n_customers, n_things)."""
        size = self.n_customers * self.n_things
        return np.bincount(self.pair, weights, minlength=size).reshape(self.n_customers, -1).astype(np.float64)

    def halved(self, day: int, half_life: int) -> Doubles:
        """Return orders before ``day``, each counting half for every ``half_life`` days of its age."""
        return self.count(0.5 ** ((day - self.day) / half_life))

    def last_day(self) -> Days:
        """Return the last day by customer and thing; -1 where there is none."""
        last = np.full(self.n_customers * self.n_things, -1, np.int64)
        last[self.pair] = self.day  # sorted by day within a pair: the last one stays
        return last.reshape(self.n_customers, -1)


@dataclass(frozen=True)
class Timeline:
    """What is known at a frame's origin, day by day.

    Customers are the frame's, in its order, and after them all others: they too bought in earlier windows.

    Attributes
    ----------
    as_of : the origin, in days since 1970-01-01
    first_day : of the first order
    items : orders by category of the frame
    orders : orders of any kind; the one thing is 0
    customer, product_id : of every bought line, for what else products are
    """

    as_of: int
    first_day: int
    n_customers: int
    items: Events
    orders: Events
    customer: Days
    product_id: pa.ChunkedArray
    order: Days
    day: Days

    def events(self, thing: Days, n_things: int) -> Events:
        """Return the orders by ``thing``, which is given for every line; -1: none."""
        return _events(self.customer, thing, self.order, self.day, (self.n_customers, n_things))


def read_timeline(lines: pa.Table, frame: Frame) -> Timeline:
    """Turn the order lines known at ``frame``'s origin into arrays.

    Parameters
    ----------
    lines : customer_id, product_id, category_id, order_id, order_date, quantity; in any order
    """
    bought = lines.filter(pc.greater(lines["quantity"], 0))
    names = np.asarray(frame.customer_ids, object)
    others = np.setdiff1d(np.asarray(pc.unique(bought["customer_id"]).to_pylist(), object), names)
    customers = np.concatenate((names, others)) if len(others) else names
    customer = _codes(bought["customer_id"], customers)
    item = _codes(bought["category_id"], frame.item_ids)
    order = number(bought["order_id"]).astype(np.int64)
    day = bought["order_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    shape = (len(customers), len(frame.item_ids))
    as_of = number_of_day(frame.as_of_date)
    return Timeline(
        as_of=as_of,
        first_day=int(day.min()) if len(day) else as_of,
        n_customers=len(customers),
        items=_events(customer, item, order, day, shape),
        orders=_events(customer, np.zeros(len(day), np.int64), order, day, (len(customers), 1)),
        customer=customer,
        product_id=bought["product_id"],
        order=order,
        day=day,
    )


def _events(customer: Days, thing: Days, order: Days, day: Days, shape: tuple[int, int]) -> Events:
    """Keep one row per customer, thing and order, in an order that no input order changes."""
    real = thing >= 0
    pair, order, day = customer[real] * shape[1] + thing[real], order[real], day[real]
    if not len(pair):
        return Events(shape[0], shape[1], pair, day)
    by_order = order_by(pair, order)
    pair, order, day = pair[by_order], order[by_order], day[by_order]
    first = np.ones(len(pair), np.bool_)
    first[1:] = (pair[1:] != pair[:-1]) | (order[1:] != order[:-1])
    pair, day = pair[first], np.minimum.reduceat(day, np.flatnonzero(first))
    by_day = order_by(pair, day)
    return Events(shape[0], shape[1], pair[by_day], day[by_day])


def order_by(first: Days, second: Days) -> Days:
    """Return an order of the rows by ``first``, which is not negative, then by ``second``; equal rows in any order.

    As one key, where two fit into it, they are sorted in a fifth of the time.
    """
    second = second - second.min()
    n_seconds = int(second.max()) + 1
    if int(first.max()) < np.iinfo(np.int64).max // n_seconds - 1:
        return np.argsort(first * n_seconds + second)
    return np.lexsort((second, first))


def _codes(column: pa.ChunkedArray, names: NDArray[np.object_]) -> Days:
    """Return each value's position among ``names``; -1 where it is none of them, or null."""
    found = pc.index_in(column, value_set=pa.array(names.tolist(), pa.string()), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)
