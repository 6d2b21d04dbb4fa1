"""What a young product's text says of its demand: what the products of the most similar text sell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.demand.panel import Doubles, Floats

YOUNG_WEEKS = 13
N_NEIGHBOURS = 20
_BLOCK = 512


def neighbour_level(level: Doubles, age: NDArray[np.int32], text: Floats | None, group: NDArray[np.int32]) -> Doubles:
    """Return the mean level of the older products nearest to each young one, (m,); NaN for those that are not young.

    Nearest are those of the most similar texts that have 20 products or more together.

    Parameters
    ----------
    level : (m,) units a week
    age : (m,) weeks since the first sale
    text : (m, d) unit vectors; without text, or without an older product, the mean of the category's older
        products, and of all of them where the category has none
    group : (m,) category, -1 where there is none
    """
    young = np.flatnonzero(age < YOUNG_WEEKS)
    found = np.full(len(level), np.nan)
    old = np.flatnonzero(age >= YOUNG_WEEKS)
    if not len(young) or not len(old):
        return found
    everyone = float(level[old].mean())
    n_groups = int(group.max(initial=-1)) + 1
    grouped = old[group[old] >= 0]
    counts = np.bincount(group[grouped], minlength=n_groups)
    means = np.bincount(group[grouped], level[grouped], minlength=n_groups) / np.maximum(counts, 1)
    has_older = (group[young] >= 0) & (np.append(counts, 0)[group[young]] > 0)
    found[young] = np.where(has_older, np.append(means, 0)[group[young]], everyone)
    if text is None:
        return found
    # Products share texts, so texts are compared and not products: a grocer has one for ten products.
    old_texts, old_text = np.unique(text[old], axis=0, return_inverse=True)
    young_texts, young_text = np.unique(text[young], axis=0, return_inverse=True)
    n_old = np.bincount(old_text.ravel()).astype(np.int64)
    units = np.bincount(old_text.ravel(), level[old]).astype(np.float64)
    found[young] = _near(young_texts, old_texts, units, n_old)[young_text.ravel()]
    return found


def _near(texts: Floats, others: Floats, units: Doubles, n_products: NDArray[np.int64]) -> Doubles:
    """Return the mean units of the products of the nearest ``others`` that have 20 products together, (len(texts),).

    Parameters
    ----------
    units, n_products : (len(others),) summed units of the products with each text, and how many there are
    """
    n = min(N_NEIGHBOURS, len(others))
    found = np.zeros(len(texts))
    with threadpool_limits(1, user_api="blas"):  # the same sums whatever the machine
        for start in range(0, len(texts), _BLOCK):
            close = texts[start : start + _BLOCK] @ others.T
            some = np.argpartition(-close, n - 1, axis=1)[:, :n]
            order = np.argsort(-np.take_along_axis(close, some, axis=1), axis=1, kind="stable")
            nearest = np.take_along_axis(some, order, axis=1)
            before = np.cumsum(n_products[nearest], axis=1) - n_products[nearest]
            taken = before < N_NEIGHBOURS
            many = np.where(taken, n_products[nearest], 0).sum(axis=1)
            found[start : start + _BLOCK] = np.where(taken, units[nearest], 0).sum(axis=1) / many
    return found
