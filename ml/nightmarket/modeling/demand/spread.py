"""How much each series varies by itself, known at the origin: what its residuals and its band are measured in.

A class holds steady and restless series, and one band for all is too wide for the former and too narrow for the
latter. Residuals divided by a spread of their own (locally weighted conformal prediction, Lei, G'Sell, Rinaldo,
Tibshirani & Wasserman, "Distribution-free predictive inference for regression", Journal of the American Statistical
Association 113 (2018), section 5.2) keep the coverage and let the width follow the series.

It is measured in units and not in logarithms: the logarithm hardly sees the peaks of a product on promotion, and a
shelf filled by such a band is empty at every peak (`docs/demand.md` has the figures).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.panel import Doubles

SPREAD_WEEKS = 26
PSEUDO_WEEKS = 6.0
"""Weeks that the mean dispersion of the class counts as, beside the series' own."""
COUNT_SHARE = 0.3
"""Dispersion that is added to all, of the 1 of a Poisson count: a series that never varied may."""
_SMALL = 0.05
"""Units a week: the least mean that a variance is divided by."""


def spread_of(histories: Histories, demand_class: NDArray[np.str_], units: Doubles) -> Doubles:
    """Return the spread of outcomes around the forecast that each series leads one to expect, (m, 8) in units.

    It is above 0: the root of the forecast times the series' index of dispersion (variance over mean, 1 for a Poisson
    count) of its known weeks among the last 26, pulled to the mean of its class by so much more as there are fewer of
    them. Weeks out of stock and weeks before the first sale say nothing.

    Parameters
    ----------
    demand_class : (m,)
    units : (m, 8) forecasts
    """
    weeks = np.maximum(histories.demand[:, -SPREAD_WEEKS:], 0)
    known = np.isfinite(weeks)
    n = known.sum(axis=1)
    mean = np.where(known, weeks, 0).sum(axis=1) / np.maximum(n, 1)
    dispersion = np.where(known, (weeks - mean[:, None]) ** 2, 0).sum(axis=1) / (mean + _SMALL)
    shrunken = np.zeros(len(histories))
    for one in np.unique(demand_class):
        rows = demand_class == one
        of_class = dispersion[rows].sum() / max(int(n[rows].sum()), 1)
        shrunken[rows] = (dispersion[rows] + PSEUDO_WEEKS * of_class) / (n[rows] + PSEUDO_WEEKS)
    expected = np.maximum(units, 0) + _SMALL
    return np.asarray(np.sqrt((shrunken[:, None] + COUNT_SHARE) * expected), np.float64)
