"""The baskets that are known at each customer's own cut, as arrays.

Everything about a next basket is computed from a :class:`History` and nothing else. A night cuts all
customers at one date; a protocol that hides each household's last basket cuts each at its own. The same
code serves both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Codes = NDArray[np.int32]
Days = NDArray[np.int64]


@dataclass(frozen=True)
class Lines:
    """Order lines by codes, in any order; every array of shape (n,).

    Attributes
    ----------
    customer, item : positions among the customers and the items
    order : position among the orders; among the orders of a customer's day, the earlier is the lesser
    day : days since 1970-01-01, shop-local
    units, amount : what was bought and paid
    """

    customer: Codes
    item: Codes
    order: Days
    day: Days
    units: Doubles
    amount: Doubles

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Lines:
        return Lines(
            self.customer[rows],
            self.item[rows],
            self.order[rows],
            self.day[rows],
            self.units[rows],
            self.amount[rows],
        )


@dataclass(frozen=True)
class Catalogue:
    """The group of every item, each of shape (n_items,): its category, and the products of its name in the category."""

    category: Codes
    kind: Codes

    def __len__(self) -> int:
        return len(self.category)


@dataclass(frozen=True)
class History:
    """Distinct (basket, item) rows, sorted by customer, time of the basket and item.

    Attributes
    ----------
    cut : (n_customers,) first day that is not known
    customer, item, basket, units, amount : (n_rows,)
    basket_customer, basket_day, basket_size : (n_baskets,)
    basket_age : (n_baskets,) how many baskets of the customer are newer; 0 is the last one
    """

    catalogue: Catalogue
    cut: Days
    customer: Codes
    item: Codes
    basket: Days
    units: Doubles
    amount: Doubles
    basket_customer: Codes
    basket_day: Days
    basket_size: Days
    basket_age: Days

    @property
    def n_customers(self) -> int:
        return len(self.cut)

    @property
    def n_items(self) -> int:
        return len(self.catalogue)

    @property
    def n_baskets(self) -> Days:
        """Baskets of each customer, (n_customers,)."""
        return np.bincount(self.basket_customer, minlength=self.n_customers)

    @property
    def row_age(self) -> Days:
        return self.basket_age[self.basket]

    def days_ago(self) -> Days:
        """Whole days from each basket's day to its customer's cut; 1 for the eve. (n_baskets,)."""
        return self.cut[self.basket_customer] - self.basket_day


def make_history(lines: Lines, catalogue: Catalogue, cut: Days) -> History:
    """Sort lines into baskets; lines of one order and item become one row.

    Raises
    ------
    ValueError
        A line lies on or after its customer's cut: it is not known there.
    """
    n_late = int((lines.day >= cut[lines.customer]).sum())
    if n_late:
        raise ValueError(
            f"Got {n_late} order lines on or after their customer's cut but expected none: features may not know them. "
            "Filter the lines first."
        )
    order = np.lexsort((lines.item, lines.order, lines.day, lines.customer))
    one = lines.take(order)
    starts_basket = _changes(one.customer, one.order, one.day)
    starts_row = starts_basket | _changes(one.item)
    rows, baskets = np.flatnonzero(starts_row), np.flatnonzero(starts_basket)
    basket = np.cumsum(starts_basket)[rows] - 1
    basket_customer = one.customer[baskets]
    ends = np.cumsum(np.bincount(basket_customer, minlength=len(cut)))
    return History(
        catalogue=catalogue,
        cut=cut,
        customer=one.customer[rows],
        item=one.item[rows],
        basket=basket,
        units=np.add.reduceat(one.units, rows) if len(rows) else one.units,
        amount=np.add.reduceat(one.amount, rows) if len(rows) else one.amount,
        basket_customer=basket_customer,
        basket_day=one.day[baskets],
        basket_size=np.bincount(basket, minlength=len(baskets)),
        basket_age=ends[basket_customer] - 1 - np.arange(len(baskets)),
    )


def rank_within(customer: Codes, score: Doubles, item: Codes) -> NDArray[np.int64]:
    """Return each row's place in its customer's list from 0: greater scores first, equal ones by item ascending."""
    order = np.lexsort((item, -score, customer))
    first = np.flatnonzero(_changes(customer[order]))
    sizes = np.diff(np.append(first, len(order)))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(first, sizes)
    return place


def _changes(*columns: NDArray[np.generic]) -> NDArray[np.bool_]:
    """True where a sorted row differs from the one before."""
    changed = np.zeros(len(columns[0]), np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed
