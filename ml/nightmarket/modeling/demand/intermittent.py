"""Methods for series that sell in some weeks only, of all series at once.

Croston, "Forecasting and stock control for intermittent demands", Operational Research Quarterly 23 (1972); SBA:
Syntetos & Boylan, "The accuracy of intermittent demand estimates", International Journal of Forecasting 21 (2005);
TSB: Teunter, Syntetos & Babai, "Intermittent demand: linking forecasting to inventory obsolescence", European Journal
of Operational Research 214 (2011).

`statsforecast` gives the same numbers (tested) by a call for every series, which is a minute for the products of a
grocer; a loop over the weeks takes a tenth of a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_WEIGHT = 0.1
"""Of the newest sale and interval, as in `statsforecast`'s Croston."""
_SBA_FACTOR = 0.95
_TSB_WEIGHT = 0.2


def croston(filled: Doubles, age: NDArray[np.int32]) -> Doubles:
    """Return the smoothed size of a sale over the smoothed weeks between sales, (m,); 0 without a sale.

    Parameters
    ----------
    filled : (m, W) weekly units, 0 or more
    age : (m,) weeks since the first sale, which is where a series begins
    """
    size, interval = np.zeros(len(filled)), np.zeros(len(filled))
    since = np.zeros(len(filled))
    for units, begun in _weeks(filled, age):
        since += begun
        sold = begun & (units > 0)
        first = sold & (size == 0)
        weight = np.where(first, 1.0, _WEIGHT)
        size += np.where(sold, weight * (units - size), 0)
        interval += np.where(sold, weight * (since - interval), 0)
        since[sold] = 0
    return np.asarray(np.divide(size, interval, out=np.zeros_like(size), where=interval > 0), np.float64)


def sba(filled: Doubles, age: NDArray[np.int32]) -> Doubles:
    """Return Croston's forecast less its bias, (m,)."""
    return _SBA_FACTOR * croston(filled, age)


def tsb(filled: Doubles, age: NDArray[np.int32]) -> Doubles:
    """Return the smoothed size of a sale times the smoothed share of weeks with one, (m,); 0 without a sale."""
    size, share, has_begun = np.zeros(len(filled)), np.zeros(len(filled)), np.zeros(len(filled), bool)
    for units, begun in _weeks(filled, age):
        sold = begun & (units > 0)
        first = sold & (size == 0)
        size += np.where(sold, np.where(first, 1.0, _TSB_WEIGHT) * (units - size), 0)
        share += np.where(begun, np.where(has_begun, _TSB_WEIGHT, 1.0) * (sold - share), 0)
        has_begun |= begun
    return size * share


def _weeks(filled: Doubles, age: NDArray[np.int32]) -> list[tuple[Doubles, NDArray[np.bool_]]]:
    n_weeks = filled.shape[1]
    return [(filled[:, week], n_weeks - week <= age) for week in range(n_weeks)]
