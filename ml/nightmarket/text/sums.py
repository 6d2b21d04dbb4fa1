"""Weighted sums and dot products of vectors that give the same bits in every run on one machine.

Sparse products run on one thread and add in the order in which rows are given; dense ones on one
BLAS thread, in blocks whose bounds do not depend on what is asked. (Two machines may differ in the
last bits, as BLAS kernels do; so may Apple's Accelerate, whose threads cannot be limited.)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.integer[Any]]
Positions = npt.NDArray[np.int64]

BLOCK_GROUPS = 256
"""Rows of the left side multiplied at a time: about 100 pairs each × 384 × 8 bytes keep a block under 100 MB."""


def sum_groups(group: Rows, product: Rows, mass: Doubles, *, n_groups: int, vectors: Doubles) -> Doubles:
    """Return the weighted sum of vectors of each group; rows come sorted by group."""
    return multiply(mass, product, np.searchsorted(group, np.arange(n_groups + 1)), vectors=vectors)


def multiply(mass: Doubles, product: Rows, pointers: Rows, *, vectors: Doubles) -> Doubles:
    """Multiply a sparse matrix, given by compressed rows, with ``vectors``."""
    matrix = csr_matrix((mass, product, pointers), shape=(len(pointers) - 1, len(vectors)))
    return np.asarray(matrix @ vectors, np.float64)


def sum_weights(group: Rows, mass: Doubles, *, n_groups: int) -> Doubles:
    """Return the sum of ``mass`` of each group, added in the order given."""
    return np.bincount(group, weights=mass, minlength=n_groups).astype(np.float64)


def find_starts(sorted_keys: Positions) -> Positions:
    """Return where each run of equal keys begins."""
    if not len(sorted_keys):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1]))).astype(np.int64)


def blocks(sorted_rows: Positions, n_rows: int) -> Iterator[tuple[int, slice]]:
    """Yield the first row of each block of ``BLOCK_GROUPS`` rows and where its entries lie; empty ones are left out."""
    bounds = np.searchsorted(sorted_rows, np.arange(0, n_rows + BLOCK_GROUPS, BLOCK_GROUPS))
    for block, (start, end) in enumerate(pairwise(bounds.tolist())):
        if start < end:
            yield block * BLOCK_GROUPS, slice(start, end)


def dot_pairs(left: Doubles, right: Doubles, left_rows: Positions, right_rows: Positions) -> Doubles:
    """Return ``left[left_rows] · right[right_rows]``; a pair's bits do not depend on the other pairs."""
    dots = np.empty(len(left_rows))
    order = np.argsort(left_rows, kind="stable")
    with threadpool_limits(1, user_api="blas"):
        for first, entries in blocks(left_rows[order], len(left)):
            asked = order[entries]
            product = left[first : first + BLOCK_GROUPS] @ right.T
            dots[asked] = product[left_rows[asked] - first, right_rows[asked]]
    return dots


def expect(holds: bool, what: str, got: object, expected: object) -> None:
    """Refuse an argument in the house grammar."""
    if not holds:
        raise ValueError(f"Got {got} for {what} but expected {expected}. Pass arrays of one row set.")
