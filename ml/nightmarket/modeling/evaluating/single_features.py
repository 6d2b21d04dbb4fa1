"""How well one feature alone ranks: what no honest feature does too well."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def roc_auc_of_feature(y: NDArray[Any], values: NDArray[Any]) -> float:
    """Return the AUC of a feature used alone, in whichever direction and with whichever end for undefined is best.

    Parameters
    ----------
    y : (n,) 0 or 1
    values : (n,) numbers; NaN where undefined

    Returns
    -------
    .5 to 1, ties as half; NaN where there is one class only.

    Notes
    -----
    One sort serves all four: with the AUC of the defined rows known, those without a value only add pairs that are
    all won, all lost or all tied.
    """
    positive = np.asarray(y) > 0
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    given = ~np.isnan(values)
    up = int(positive[~given].sum())
    un = int((~given).sum()) - up
    within = _pairs_won(positive[given], np.asarray(values)[given])
    tied = 0.5 * up * un
    undefined_lowest = within + (n_positive - up) * un + tied
    undefined_highest = within + up * (n_negative - un) + tied
    shares = [won / (n_positive * n_negative) for won in (undefined_lowest, undefined_highest)]
    return max(max(share, 1 - share) for share in shares)


def _pairs_won(positive: NDArray[np.bool_], values: NDArray[Any]) -> float:
    """Return in how many (positive, negative) pairs the positive has the greater value, ties as half."""
    order = np.argsort(values, kind="stable")
    ordered, hit = values[order], positive[order]
    if not len(ordered):
        return 0.0
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    hits = np.add.reduceat(hit.astype(np.float64), starts)
    misses = np.diff(np.concatenate((starts, [len(ordered)]))) - hits
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum())
