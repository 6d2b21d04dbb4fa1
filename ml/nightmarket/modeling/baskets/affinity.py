"""What customers like this one buy, and what goes together: scores of the items that sell most.

Four views of one customer × item matrix: nearest neighbours in behaviour, matrix factorisation (truncated
SVD), co-purchase in baskets, popularity; and, where products have text, similarity to what the customer
buys. All are dense over at most ``MAX_ITEMS`` items and computed for blocks of customers, so memory does
not grow with the shop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

from nightmarket.modeling.baskets.counts import DECAY, Counts
from nightmarket.modeling.baskets.history import Codes, Doubles, History

Floats = NDArray[np.float32]
MAX_ITEMS = 3_000
"""Items that have affinities, by customers who bought them lately: those of rarer ones are noise."""
MAX_POOL = 4_000
"""Customers among whom neighbours are sought: the most active ones."""
N_NEIGHBOURS = 100
RANK = 32
N_TOGETHER_BASKETS = 40
"""Newest baskets of a customer from which co-purchase is learned."""
_BLOCK = 512


@dataclass(frozen=True)
class Affinities:
    """Scores of one block of customers (rows ``start`` and on), each (n_block, n_modelled); larger is closer."""

    start: int
    neighbours: Floats
    factors: Floats
    together: Floats
    text: Floats | None


@dataclass(frozen=True)
class ItemText:
    """Unit text vectors by text (n_texts, dim), and the text of each item (n_items,), -1 without one."""

    vectors: Floats
    text: Codes


def modelled_items(history: History, counts: Counts) -> Codes:
    """Return the items that have affinities, ascending: those with most buyers in each one's last 84 days."""
    buyers = np.bincount(counts.member[counts.columns["n_84d"] > 0], minlength=history.n_items)
    order = np.argsort(-buyers, kind="stable")[:MAX_ITEMS]
    return np.sort(order[buyers[order] > 1]).astype(np.int32)


def affinities(
    history: History, counts: Counts, items: Codes, text: ItemText | None, *, seed: int = 0
) -> Iterator[Affinities]:
    """Yield the scores of ``items`` for every customer, block by block."""
    n_customers = history.n_customers
    shape = (n_customers, history.n_items)
    profile = csr_matrix((np.log1p(counts.columns["decayed_98"]), (counts.customer, counts.member)), shape=shape)
    popular = np.bincount(counts.member, minlength=history.n_items)
    tempered = _unit_rows(profile @ diags_array(np.log((1 + n_customers) / (1 + popular)) + 0.1))
    weights = np.bincount(history.basket_customer, DECAY**history.basket_age, minlength=n_customers)
    rates = csr_matrix(
        (counts.columns["decayed"] / np.maximum(weights[counts.customer], 1), (counts.customer, counts.member)),
        shape=shape,
    )
    pool = np.argsort(-history.n_baskets, kind="stable")[:MAX_POOL]
    others, of_pool = tempered[pool].T.tocsc(), rates[pool][:, items].tocsr()
    in_pool = np.full(n_customers, -1)
    in_pool[pool] = np.arange(len(pool))
    with threadpool_limits(1, user_api="blas"):  # sums split by threads would differ in their last digits
        left, right = _factorise(profile[:, items], seed)
        together, recent = _together(history, items)
        read = None if text is None else _text_profiles(counts, items, text, n_customers)
        for start in range(0, n_customers, _BLOCK):
            block = slice(start, min(start + _BLOCK, n_customers))
            alike = (tempered[block] @ others).toarray()
            own = in_pool[block]
            alike[np.flatnonzero(own >= 0), own[own >= 0]] = 0  # nobody is their own neighbour
            yield Affinities(
                start,
                _neighbour_rates(alike, of_pool),
                np.asarray(left[block] @ right, np.float32),
                np.asarray(recent[block] @ together, np.float32),
                None if read is None else np.asarray(read[0][block] @ read[1].T, np.float32),
            )


def _unit_rows(matrix: csr_matrix) -> csr_matrix:
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1 / np.maximum(norm, 1e-12)) @ matrix)


def _neighbour_rates(alike: Doubles, rates: csr_matrix) -> Floats:
    """Return how often the nearest neighbours buy each item, per basket, weighted by how near they are."""
    n_near = min(N_NEIGHBOURS, alike.shape[1])
    least = np.partition(alike, -n_near, axis=1)[:, [-n_near]]
    near = np.where(alike >= np.maximum(least, 1e-12), alike, 0)
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray((csr_matrix(near) @ rates).toarray(), np.float32)


def _factorise(profile: csr_matrix, seed: int) -> tuple[Doubles, Doubles]:
    """Return customer (n, rank) and item (rank, n_items) factors of the log counts, each customer's row scaled to 1."""
    rank = min(RANK, min(profile.shape) - 1)
    if rank < 1:
        return np.zeros((profile.shape[0], 1)), np.zeros((1, profile.shape[1]))
    start = np.random.default_rng(seed).normal(size=min(profile.shape))
    left, strength, right = svds(_unit_rows(profile), k=rank, v0=start)
    return left * strength, right


def _together(history: History, items: Codes) -> tuple[Floats, csr_matrix]:
    """Return the cosine of every two items over recent baskets, and each customer's last five baskets."""
    column = np.full(history.n_items, -1)
    column[items] = np.arange(len(items))
    place, age = column[history.item], history.row_age
    new = (age < N_TOGETHER_BASKETS) & (place >= 0)
    baskets = csr_matrix(
        (np.ones(int(new.sum()), np.float32), (history.basket[new], place[new])),
        shape=(len(history.basket_age), len(items)),
    )
    # Five baskets more for every item: two that met once are not a couple.
    scaled = (
        baskets @ diags_array((1 / np.sqrt(np.asarray(baskets.sum(axis=0)).ravel() + 5)).astype(np.float32))
    ).tocsr()
    cosine = np.asarray((scaled.T @ scaled).toarray(), np.float32)
    np.fill_diagonal(cosine, 0)
    last = (age < 5) & (place >= 0)
    recent = csr_matrix(
        (0.8 ** age[last], (history.customer[last], place[last])), shape=(history.n_customers, len(items))
    )
    return cosine, recent


def _text_profiles(counts: Counts, items: Codes, text: ItemText, n_customers: int) -> tuple[Doubles, Doubles]:
    """Return unit text profiles of the customers and unit vectors of the items; zeros without text."""
    known = text.text[counts.member] >= 0
    shape = (n_customers, len(text.vectors))
    read = csr_matrix(
        (counts.columns["halved_84d"][known], (counts.customer[known], text.text[counts.member[known]])), shape=shape
    )
    profile = np.asarray(read @ text.vectors.astype(np.float64))
    profile /= np.maximum(np.linalg.norm(profile, axis=1, keepdims=True), 1e-12)
    vectors = np.where((text.text[items] >= 0)[:, None], text.vectors[text.text[items]], 0).astype(np.float64)
    return profile, vectors
