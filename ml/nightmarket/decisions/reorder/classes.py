"""Classes of products: ABC by what they bring, XYZ by how steady they sell.

The usual cuts (Silver, Pyke and Thomas 2017, chapter 2; for XYZ, Scholz-Reiter et al. 2012): A brings the first 80 %
of sales, B the next 15 %, C the rest; X has a coefficient of variation of weekly units up to .5, Y up to 1, Z above.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ABC_SHARES = (0.80, 0.95)
XYZ_VARIATIONS = (0.5, 1.0)
MIN_WEEKS = 4
"""Weeks of sales below which a product's variation is not known: Z."""


def abc_classes(sales_amount: Floats, product_ids: NDArray[np.object_]) -> NDArray[np.str_]:
    """Return A, B or C for each product, by sales; equal sales in the order of ``product_ids``.

    The product that crosses a cut still belongs to the class above it, so a shop of one product has an A. Without
    sales (0 or a return that weighs more) a product is C.
    """
    amount = np.maximum(np.nan_to_num(sales_amount), 0)
    order = np.lexsort((product_ids, -amount))
    before = np.concatenate([[0.0], np.cumsum(amount[order])[:-1]])
    share = np.empty(len(amount))
    share[order] = before / max(amount.sum(), np.finfo(float).tiny)
    found = np.array(["A", "B", "C"])[np.searchsorted(ABC_SHARES, share, side="right")]
    return np.where(amount > 0, found, "C")


def xyz_classes(units: Floats) -> NDArray[np.str_]:
    """Return X, Y or Z for each product from its weekly units, (n, weeks), counted from its first sale among them."""
    sold = units > 0
    n_weeks = np.where(sold.any(axis=1), units.shape[1] - sold.argmax(axis=1), 0)
    counted = np.arange(units.shape[1]) >= units.shape[1] - n_weeks[:, None]
    mean = np.where(counted, units, 0).sum(axis=1) / np.maximum(n_weeks, 1)
    square = (np.where(counted, units - mean[:, None], 0) ** 2).sum(axis=1) / np.maximum(n_weeks - 1, 1)
    known = (n_weeks >= MIN_WEEKS) & (mean > 0)
    variation = np.where(known, np.sqrt(square) / np.where(known, mean, 1), np.inf)
    return np.array(["X", "Y", "Z"])[np.searchsorted(XYZ_VARIATIONS, variation, side="left")]
