"""From a raw score to an expected amount with an interval that holds 80 % of the outcomes.

Split conformal prediction (Vovk, Gammerman & Shafer, "Algorithmic Learning in a Random World", 2005) on
log1p of the amount: how far outcomes lay above and below the forecasts of an origin that the fit has not
seen, told apart by the size of the forecast, because small customers are harder to foretell than large ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]
COVERAGE = 0.8
N_BINS = 10
MIN_ROWS_PER_BIN = 40


@dataclass(frozen=True)
class Conformal:
    """Quantiles of log1p(outcome) - log1p(forecast) by size of the forecast, as plain numbers.

    Attributes
    ----------
    knots : rising; the median log1p(forecast) of each bin
    low, high : the quantiles there; between knots they are interpolated, beyond them they stay
    level : what forecasts are multiplied by, so that their sum is about that of the outcomes
    """

    knots: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float

    def apply(self, raw: Doubles, frame: Frame) -> Forecast:  # noqa: ARG002 - the map is the same for every row
        logs = np.log1p(_amounts(raw) * self.level)
        low = np.expm1(np.maximum(logs + np.interp(logs, self.knots, self.low), 0))
        high = np.expm1(np.maximum(logs + np.interp(logs, self.knots, self.high), 0))
        value = np.expm1(logs)
        return Forecast(value, np.minimum(low, value), np.maximum(high, value))

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "conformal",
            "knots": list(self.knots),
            "low": list(self.low),
            "high": list(self.high),
            "level": self.level,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Conformal:
        knots, low, high = (tuple(float(one) for one in raw[name]) for name in ("knots", "low", "high"))
        return cls(knots, low, high, float(raw["level"]))


def fit_conformal(raw: Doubles, y: NDArray[Any]) -> Conformal:
    """Fit on rows that the recipe was not trained on.

    Parameters
    ----------
    raw : (n,) log1p of the forecast
    y : (n,) outcomes; below 0 (more was returned than bought) counts as 0

    Notes
    -----
    The total of the calibration origin sets the level: an expected amount should add up. On the test origins
    2017-08-07, 09-04 and 10-02 of The Complete Journey, spend had then a mean WAPE of .371, with half that
    trust .373, and with the level of the training origins alone .375.

    A quantile of m residuals is taken at rank ceil((m + 1) q), which is what makes the coverage hold for
    few of them. There are up to ``N_BINS`` bins of equally many rows, each of at least
    ``MIN_ROWS_PER_BIN`` where there are that many.
    """
    outcome = np.maximum(np.asarray(y, np.float64), 0)
    forecast = _amounts(raw)
    total = float(forecast.sum())
    level = float(outcome.sum()) / total if total > 0 else 1.0
    logs = np.log1p(forecast * level)
    order = np.argsort(logs, kind="stable")
    residuals = (np.log1p(outcome) - logs)[order]
    n_bins = int(max(1, min(N_BINS, len(logs) // MIN_ROWS_PER_BIN)))
    bins = np.array_split(np.arange(len(logs)), n_bins)
    centres = np.asarray([np.median(logs[order[rows]]) for rows in bins])
    knots, first = np.unique(centres, return_index=True)
    low = np.asarray([_quantile(residuals[rows], (1 - COVERAGE) / 2) for rows in bins])[first]
    high = np.asarray([_quantile(residuals[rows], (1 + COVERAGE) / 2) for rows in bins])[first]
    return Conformal(tuple(knots.tolist()), tuple(low.tolist()), tuple(high.tolist()), level)


def _amounts(raw: Doubles) -> Doubles:
    return np.asarray(np.expm1(np.maximum(raw, 0)), np.float64)


def _quantile(residuals: Doubles, level: float) -> float:
    ranked = np.sort(residuals)
    # Both ends reach outwards: the rank from below for the low one, from above for the high one.
    outward = min(level, 1 - level)
    rank = int(np.floor((len(ranked) + 1) * outward))
    place = max(rank, 1) - 1
    return float(ranked[place] if level < 0.5 else ranked[len(ranked) - 1 - place])
