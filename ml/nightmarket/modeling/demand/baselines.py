"""What everyone would try first: each series alone, from its own weeks."""

from __future__ import annotations

import numpy as np

from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.intermittent import croston, sba, tsb
from nightmarket.modeling.demand.panel import HORIZON, Doubles

YEAR = 52
WINDOWS = (4, 8, 13)
BASELINES = (
    "naive",
    "seasonal naive",
    *(f"mean of {n} weeks" for n in WINDOWS),
    "exponential smoothing",
    "croston",
    "sba",
    "tsb",
)
_INTERMITTENT = {"croston": croston, "sba": sba, "tsb": tsb}
_MIN_FOR_SMOOTHING = 3


def forecast_baseline(name: str, histories: Histories) -> Doubles:
    """Return the forecast of one baseline for every series, (m, 8), never below 0.

    A series that is too short for the method gets the mean of what it has; one without any week is 0.

    Notes
    -----
    All but exponential smoothing are loops over columns: `statsforecast` gives the same numbers (tested) by a call
    for every series.
    """
    filled, age = histories.filled, histories.age
    m, weeks = filled.shape
    mean = filled.sum(axis=1) / np.maximum(age, 1)
    if name == "naive":
        flat = np.where(age > 0, filled[:, -1], 0)
    elif name == "seasonal naive":
        if weeks < YEAR:
            return np.repeat(np.where(age > 0, mean, 0)[:, None], HORIZON, axis=1)
        season = filled[:, weeks - YEAR : weeks - YEAR + HORIZON]
        return np.where((age >= YEAR)[:, None], season, mean[:, None])
    elif name.startswith("mean of"):
        n = int(name.split()[2])
        flat = filled[:, -n:].sum(axis=1) / np.maximum(np.minimum(age, n), 1)
    elif name in _INTERMITTENT:
        flat = np.where(age >= _MIN_FOR_SMOOTHING, _INTERMITTENT[name](filled, age), mean)
    else:
        from statsforecast.models import SimpleExponentialSmoothingOptimized  # seconds to import

        flat = np.where(age > 0, mean, 0)
        model = SimpleExponentialSmoothingOptimized()
        for row in np.flatnonzero(age >= _MIN_FOR_SMOOTHING):
            flat[row] = model.forecast(y=filled[row, weeks - min(age[row], weeks) :], h=1)["mean"][0]
    return np.repeat(np.maximum(np.nan_to_num(flat), 0)[:, None], HORIZON, axis=1).reshape(m, HORIZON)
