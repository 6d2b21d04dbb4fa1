"""Bootstrap over customers: how far each metric, and each gain, would move with other customers.

Rows of one customer are not independent, so whole customers are drawn. A draw is a vector of
multiplicities; rows are never copied. Everything that is a sum over rows becomes one matrix
product over customers; only the rankings need a running sum per draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.metrics.base import LOWER_IS_BETTER

Doubles = NDArray[np.float64]
N_DRAWS = 200


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the draws."""

    low: float
    high: float

    @classmethod
    def of(cls, draws: Doubles) -> Interval:
        finite = draws[np.isfinite(draws)]
        if not len(finite):
            return cls(float("nan"), float("nan"))
        low, high = np.quantile(finite, [0.025, 0.975])
        return cls(float(low), float(high))


def draw_customers(n_customers: int, *, seed: int, n_draws: int = N_DRAWS) -> NDArray[np.int64]:
    """Return how often each customer is drawn, shape (n_draws, n_customers); rows sum to n_customers.

    The same draws serve every model, so differences between models are paired.
    """
    return np.random.default_rng(seed).multinomial(n_customers, np.full(n_customers, 1 / n_customers), size=n_draws)


def intervals(draws: Mapping[str, Doubles]) -> dict[str, Interval]:
    """Return the interval of each metric."""
    return {name: Interval.of(values) for name, values in draws.items()}


def paired_gain(draws: Mapping[str, Doubles], baseline: Mapping[str, Doubles], metric: str) -> Interval:
    """Return the interval of how much better ``draws`` is than ``baseline`` in one metric, draw by draw.

    Above 0 is better, also where a lower value of the metric is.
    """
    difference = draws[metric] - baseline[metric]
    return Interval.of(-difference if metric in LOWER_IS_BETTER else difference)
