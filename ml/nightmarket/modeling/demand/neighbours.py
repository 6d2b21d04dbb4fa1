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
    """Return the mean level of each young product's 20 nearest older products, (m,); NaN for the others.

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
    n = min(N_NEIGHBOURS, len(old))
    with threadpool_limits(1, user_api="blas"):  # the same sums whatever the machine
        for start in range(0, len(young), _BLOCK):
            block = young[start : start + _BLOCK]
            close = text[block] @ text[old].T
            nearest = np.argpartition(-close, n - 1, axis=1)[:, :n]
            found[block] = level[old][nearest].mean(axis=1)
    return found
