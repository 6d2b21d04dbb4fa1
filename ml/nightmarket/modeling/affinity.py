"""Affinity: what customers with the same baskets buy. Pure functions of one origin's own rows.

EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019): regress every category
on all others with a ridge, in closed form. A category's own count never explains itself (the
diagonal is zero), so for a pair bought before the value says what the *rest* of the basket
suggests. Nothing is carried from origin to origin: each uses what was known at its own instant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Floats, Frame

Doubles = NDArray[np.float64]
RIDGE_ROWS = 0.1


def affinity_columns(frame: Frame) -> dict[str, Floats]:
    """Return the affinity features of every row of ``frame``."""
    has = frame.columns["pair__n_orders"] > 0
    ever = _grid(frame, np.where(has, np.log1p(np.nan_to_num(frame.columns["pair__n_orders"])), 0))
    recent = _grid(frame, np.log1p(np.nan_to_num(frame.columns["pair__decayed_orders"])))
    at = (frame.customer, frame.item)
    with threadpool_limits(1, user_api="blas"):
        basket, lately = ease(ever), ease(recent)
    return {
        "affinity__basket": basket[at].astype(np.float32),
        "affinity__recent": lately[at].astype(np.float32),
    }


def ease(counts: Doubles, ridge: float = RIDGE_ROWS) -> Doubles:
    """Return what the other columns of each row predict for each cell, shape of ``counts``.

    Parameters
    ----------
    counts : (n_customers, n_categories), 0 where nothing was bought
    ridge : strength as a share of the rows, so that small and large shops are smoothed alike
    """
    gram = counts.T @ counts
    gram[np.diag_indices_from(gram)] += max(ridge * len(counts), 1.0)
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(counts @ weights, np.float64)


def _grid(frame: Frame, values: NDArray[np.floating]) -> Doubles:
    grid = np.zeros((len(frame.customer_ids), len(frame.item_ids)))
    grid[frame.customer, frame.item] = values
    return grid
