"""Which items a customer may be offered: what they buy, and the best of each view of what others buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.affinity import Affinities, ItemText, affinities, modelled_items
from nightmarket.modeling.baskets.counts import Counts
from nightmarket.modeling.baskets.history import Codes, Doubles, History, rank_within

Floats = NDArray[np.float32]
N_OWN = 80
"""Items of a customer's own history, by decayed count: the next 20 hold 1 % of what is bought again."""
N_EACH = 8
"""Items never bought, from each view."""
POPULAR_DAYS = 28


@dataclass(frozen=True)
class Candidates:
    """Pairs to rank, sorted by customer and item; every array of shape (n,).

    Attributes
    ----------
    affinity : scores by view ("neighbours", "factors", "together"); NaN for items that have none
    """

    customer: Codes
    item: Codes
    affinity: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.customer)


def find_candidates(
    history: History, counts: Counts, popularity: Doubles, *, active: NDArray[np.bool_], text: ItemText | None
) -> Candidates:
    """Return the candidates of the ``active`` customers.

    Parameters
    ----------
    popularity : (n_items,) what sells, for all alike
    active : (n_customers,)
    """
    items = modelled_items(history, counts)
    column = np.full(history.n_items, -1, np.int32)
    column[items] = np.arange(len(items), dtype=np.int32)
    place = rank_within(counts.customer, counts.columns["decayed"] + 0.05 * counts.columns["decayed_85"], counts.member)
    own = (place < N_OWN) & active[counts.customer]
    of_customer = np.searchsorted(counts.customer, np.arange(history.n_customers + 1))
    customers, members, views = [], [], []
    for block in affinities(history, counts, items, text):
        rows = slice(of_customer[block.start], of_customer[block.start + len(block.neighbours)])
        mine = own[rows]
        customer, member = counts.customer[rows], counts.member[rows]
        tried = column[member] >= 0
        bought = np.zeros(block.neighbours.shape, np.bool_)
        bought[customer[tried] - block.start, column[member[tried]]] = True
        offered, picked = _never_bought(block, bought, popularity[items])
        shown = active[offered]
        customers.append(np.concatenate((customer[mine], offered[shown])))
        members.append(np.concatenate((member[mine], items[picked[shown]])))
        views.append(_look_up(block, customers[-1], column[members[-1]]))
    if not customers:
        return Candidates(np.zeros(0, np.int32), np.zeros(0, np.int32), {})
    customer, member = np.concatenate(customers).astype(np.int32), np.concatenate(members).astype(np.int32)
    order = np.lexsort((member, customer))
    affinity = {name: np.concatenate([view[name] for view in views])[order] for name in views[0]}
    return Candidates(customer[order], member[order], affinity)


def _never_bought(block: Affinities, bought: NDArray[np.bool_], popularity: Doubles) -> tuple[Codes, Codes]:
    """Return customers and modelled items: each view's best that the customer has not bought, each pair once."""
    chosen = np.zeros(bought.shape, np.bool_)
    selling = np.broadcast_to(popularity.astype(np.float32), bought.shape)
    n_each = min(N_EACH, bought.shape[1])
    if n_each:
        for view in (block.neighbours, block.factors, block.together, block.text, selling):
            if view is None:
                continue
            open_to = np.where(bought, -np.inf, view)
            best = np.argpartition(-open_to, n_each - 1, axis=1)[:, :n_each]
            np.put_along_axis(chosen, best, True, axis=1)
        chosen &= ~bought
    customer, item = np.nonzero(chosen)
    return (customer + block.start).astype(np.int32), item.astype(np.int32)


def _look_up(block: Affinities, customer: Codes, column: Codes) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for name, view in (("neighbours", block.neighbours), ("factors", block.factors), ("together", block.together)):
        found[name] = np.where(column >= 0, view[customer - block.start, np.maximum(column, 0)], np.float32(np.nan))
    return found
