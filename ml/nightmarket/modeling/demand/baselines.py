"""What everyone would try first, by `statsforecast`: each series alone, from its own weeks.

Croston, "Forecasting and stock control for intermittent demands", Operational Research Quarterly 23 (1972); SBA:
Syntetos & Boylan, "The accuracy of intermittent demand estimates", International Journal of Forecasting 21 (2005);
TSB: Teunter, Syntetos & Babai, "Intermittent demand: linking forecasting to inventory obsolescence", European Journal
of Operational Research 214 (2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nightmarket.modeling.demand.histories import Histories
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
_TSB_DEMAND, _TSB_PROBABILITY = 0.2, 0.2
_MIN_FOR_SMOOTHING = 3


def forecast_baseline(name: str, histories: Histories) -> Doubles:
    """Return the forecast of one baseline for every series, (m, 8), never below 0.

    A series that is too short for the method gets the mean of what it has; one without any week is 0.

    Notes
    -----
    Naive, seasonal naive and the window averages are sums of columns: `statsforecast` gives the same numbers
    (tested) by a call for every series. The others are its own.
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
    else:
        flat = np.where(age > 0, mean, 0)
        model = _model(name)
        for row in np.flatnonzero(age >= _MIN_FOR_SMOOTHING):
            flat[row] = model.forecast(y=filled[row, weeks - min(age[row], weeks) :], h=1)["mean"][0]
    return np.repeat(np.maximum(np.nan_to_num(flat), 0)[:, None], HORIZON, axis=1).reshape(m, HORIZON)


def _model(name: str) -> Any:
    from statsforecast import models

    if name == "exponential smoothing":
        return models.SimpleExponentialSmoothingOptimized()
    if name == "tsb":
        return models.TSB(_TSB_DEMAND, _TSB_PROBABILITY)
    return models.CrostonClassic() if name == "croston" else models.CrostonSBA()
