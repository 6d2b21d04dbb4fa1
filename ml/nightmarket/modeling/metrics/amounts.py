"""Metrics of forecasts of amounts, and of the intervals around them. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.base import Measured

Doubles = NDArray[np.float64]
_DRAWS_AT_ONCE = 20

FORMULAS = {
    "wape": "sum of |forecast - outcome| over the sum of |outcome|",
    "bias": "sum of the forecasts over the sum of the outcomes, minus 1",
    "mae": "mean of |forecast - outcome|",
    "spearman": "correlation of the ranks of forecast and outcome, equal ones sharing the middle rank",
    "coverage_80": "share of the outcomes within the interval, its ends included",
}


def measure_amounts(
    frame: Frame,
    forecast: Forecast,
    *,
    multiplicities: NDArray[np.int64],
    threshold: float,  # noqa: ARG001 - amounts have none
) -> Measured:
    """Measure expected amounts and their intervals; see :data:`FORMULAS` and :class:`Measure`."""
    weights = np.ones((1, multiplicities.shape[1]), np.int64)
    once = _metrics(frame, forecast, weights)
    return Measured(
        {name: float(values[0]) for name, values in once.items()}, _metrics(frame, forecast, multiplicities)
    )


def _metrics(frame: Frame, forecast: Forecast, multiplicities: NDArray[np.int64]) -> dict[str, Doubles]:
    """Return each metric under each weighting of the customers, shape (n_draws,)."""
    y, value = np.asarray(frame.y, np.float64), forecast.value
    off = np.abs(value - y)
    total = {
        name: multiplicities @ np.bincount(frame.customer, values, minlength=multiplicities.shape[1])
        for name, values in {
            "rows": np.ones(len(y)),
            "off": off,
            "outcome": y,
            "size": np.abs(y),
            "forecast": value,
            "covered": _covered(y, forecast),
        }.items()
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "wape": total["off"] / total["size"],
            "bias": total["forecast"] / total["outcome"] - 1,
            "mae": total["off"] / total["rows"],
            "spearman": _spearman(value, y, frame.customer, multiplicities),
        }
        if forecast.low is not None:
            found["coverage_80"] = total["covered"] / total["rows"]
    return found


def _covered(y: Doubles, forecast: Forecast) -> Doubles:
    if forecast.low is None or forecast.high is None:
        return np.zeros(len(y))
    return ((y >= forecast.low) & (y <= forecast.high)).astype(np.float64)


def _spearman(a: Doubles, b: Doubles, customer: NDArray[np.int32], multiplicities: NDArray[np.int64]) -> Doubles:
    found = []
    for start in range(0, len(multiplicities), _DRAWS_AT_ONCE):
        weights = multiplicities[start : start + _DRAWS_AT_ONCE, customer].T.astype(np.float64)
        found.append(_correlation(_ranks(a, weights), _ranks(b, weights), weights))
    return np.concatenate(found)


def _ranks(values: Doubles, weights: Doubles) -> Doubles:
    """Return the rank of each row in each draw: a row of weight w stands for w equal rows; shape (n, n_draws)."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    mass = np.add.reduceat(weights[order], starts, axis=0)
    middle = np.cumsum(mass, axis=0) - (mass - 1) / 2
    ranks = np.empty_like(weights)
    ranks[order] = np.repeat(middle, np.diff(np.concatenate((starts, [len(values)]))), axis=0)
    return ranks


def _correlation(a: Doubles, b: Doubles, weights: Doubles) -> Doubles:
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = a - (weights * a).sum(axis=0) / total
        b = b - (weights * b).sum(axis=0) / total
        both = (weights * a * b).sum(axis=0)
        return np.asarray(both / np.sqrt((weights * a * a).sum(axis=0) * (weights * b * b).sum(axis=0)), np.float64)
