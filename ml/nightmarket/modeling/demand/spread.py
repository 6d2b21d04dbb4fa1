"""How much each series varies by itself, known at the origin: what its residuals and its band are measured in.

A class holds steady and restless series, and one band for all is too wide for the former and too narrow for the
latter. Residuals divided by a spread of their own (locally weighted conformal prediction, Lei, G'Sell, Rinaldo,
Tibshirani & Wasserman, "Distribution-free predictive inference for regression", Journal of the American Statistical
Association 113 (2018), section 5.2) keep the coverage and let the width follow the series.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.panel import Doubles

SPREAD_WEEKS, LEVEL_WEEKS = 26, 8
"""Weeks whose distance from their level is taken, and weeks before each that its level is the mean of: a season that
turns slowly is no spread."""
PSEUDO_WEEKS = 12.0
"""Weeks that the mean variance of the class counts as, beside the series' own."""
POISSON_SHARE = 0.3
"""Of 1 / (1 + units), about the variance of the logarithm of a count of that mean."""


def spread_of(histories: Histories, demand_class: NDArray[np.str_], units: Doubles) -> Doubles:
    """Return the spread of log1p(outcome) around log1p(forecast) that each series leads one to expect, (m, 8).

    It is above 0: the root of the mean squared distance of log1p(weekly units) from log1p of the mean of the 8 weeks
    before, over the known ones of the last 26, pulled to the mean of its class by so much more as there are fewer of
    them; and of a part that falls with the size of the forecast. Weeks out of stock and weeks before the first sale
    say nothing.

    Parameters
    ----------
    demand_class : (m,)
    units : (m, 8) forecasts
    """
    squares, n = _squares(np.maximum(histories.demand[:, -SPREAD_WEEKS - LEVEL_WEEKS :], 0))
    shrunken = np.zeros(len(histories))
    for one in np.unique(demand_class):
        rows = demand_class == one
        of_class = squares[rows].sum() / max(int(n[rows].sum()), 1)
        shrunken[rows] = (squares[rows] + PSEUDO_WEEKS * of_class) / (n[rows] + PSEUDO_WEEKS)
    return np.asarray(np.sqrt(shrunken[:, None] + POISSON_SHARE / (1 + np.maximum(units, 0))), np.float64)


def _squares(weeks: Doubles) -> tuple[Doubles, NDArray[np.int64]]:
    """Return the summed squared distances of (m, W) weeks from the mean of those before, and how many there are.

    The mean is of units, as a forecast is: the logarithms of weeks with peaks lie below it, and so will the outcomes.
    """
    known = np.isfinite(weeks)
    sums = np.cumsum(np.pad(np.where(known, weeks, 0), ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(known.astype(np.int64), ((0, 0), (1, 0))), axis=1)
    at = np.arange(weeks.shape[1])
    start = np.maximum(at - LEVEL_WEEKS, 0)
    before = counts[:, at] - counts[:, start]
    level = (sums[:, at] - sums[:, start]) / np.maximum(before, 1)
    # A level of few weeks is uncertain itself, and would make the spread of a short history too wide.
    first = max(weeks.shape[1] - SPREAD_WEEKS, min(LEVEL_WEEKS, weeks.shape[1] - 1))
    counted = known & (before > 0) & (at >= first)
    return np.where(counted, (np.log1p(weeks) - np.log1p(level)) ** 2, 0).sum(axis=1), counted.sum(axis=1)
