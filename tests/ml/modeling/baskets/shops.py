"""Order lines small enough to read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nightmarket.modeling.baskets.history import Catalogue, History, Lines, make_history

Basket = tuple[int, int, Sequence[int]]
"""Customer, day, items."""


def lines_of(baskets: Sequence[Basket]) -> Lines:
    """Return the lines of ``baskets``, one unit for 2.00 each; the order of the baskets is that of the orders."""
    rows = [(customer, item, order, day) for order, (customer, day, items) in enumerate(baskets) for item in items]
    customer, item, order, day = (np.asarray(column, np.int64) for column in zip(*rows, strict=True))
    return Lines(
        customer.astype(np.int32), item.astype(np.int32), order, day, np.ones(len(rows)), np.full(len(rows), 2.0)
    )


def catalogue_of(n_items: int) -> Catalogue:
    """Return items in categories of four and kinds of two."""
    return Catalogue((np.arange(n_items) // 4).astype(np.int32), (np.arange(n_items) // 2).astype(np.int32))


def history_of(baskets: Sequence[Basket], cut: int, n_items: int = 8) -> History:
    n_customers = max(customer for customer, _, _ in baskets) + 1
    return make_history(lines_of(baskets), catalogue_of(n_items), np.full(n_customers, cut, np.int64))


def random_baskets(seed: int, *, n_customers: int = 30, n_items: int = 60, n_days: int = 120) -> list[Basket]:
    """Return a shop in which everybody has some favourites and a rhythm."""
    random = np.random.default_rng(seed)
    favourites = [random.choice(n_items, 10, replace=False) for _ in range(n_customers)]
    baskets = []
    for day in range(n_days):
        for customer in range(n_customers):
            if random.random() < 0.2:
                own = random.choice(favourites[customer], 4, replace=False)
                baskets.append((customer, day, sorted({*own.tolist(), int(random.integers(n_items))})))
    return baskets
