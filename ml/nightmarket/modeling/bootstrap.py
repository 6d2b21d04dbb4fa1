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

from nightmarket.modeling.evaluate import N_ECE_BINS, equal_count_bins, rank, weighted_ap_auc

Doubles = NDArray[np.float64]
N_DRAWS = 200
_DRAWS_AT_ONCE = 20
"""Running sums over 100,000 runs × 20 draws are 16 MB each: they stay near the cache."""


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


def bootstrap_metrics(
    *,
    y: NDArray[np.uint8],
    probability: Doubles,
    is_new: NDArray[np.bool_],
    customer: NDArray[np.int32],
    threshold: float,
    multiplicities: NDArray[np.int64],
) -> dict[str, Doubles]:
    """Return each metric of :class:`Metrics` in every draw, shape (n_draws,).

    ECE keeps the bins of the whole sample: sorting each draw anew would cost as much as all else
    and moves no bin edge that matters.
    """
    n_customers = multiplicities.shape[1]
    yes, hit = probability >= threshold, (probability >= threshold) & (y > 0)
    sums = _per_customer(
        customer,
        n_customers,
        {
            "rows": np.ones(len(y)),
            "squared": (probability - y) ** 2,
            "right": yes == (y > 0),
            "yes": yes,
            "hit": hit,
            "positive": y,
        },
    )
    total = {name: multiplicities @ values for name, values in sums.items()}
    bins = equal_count_bins(probability, N_ECE_BINS)
    gaps = np.bincount(bins * n_customers + customer, probability - y, minlength=N_ECE_BINS * n_customers).reshape(
        N_ECE_BINS, n_customers
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = total["hit"] / total["yes"], total["hit"] / total["positive"]
        return {
            **_rankings(y, probability, is_new, customer, multiplicities),
            "brier": total["squared"] / total["rows"],
            "ece": np.abs(multiplicities @ gaps.T).sum(axis=1) / total["rows"],
            "accuracy": total["right"] / total["rows"],
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / (precision + recall),
        }


def intervals(draws: Mapping[str, Doubles]) -> dict[str, Interval]:
    """Return the interval of each metric."""
    return {name: Interval.of(values) for name, values in draws.items()}


def paired_gain(draws: Mapping[str, Doubles], baseline: Mapping[str, Doubles], metric: str) -> Interval:
    """Return the interval of ``draws - baseline`` for one metric, draw by draw."""
    return Interval.of(draws[metric] - baseline[metric])


def _rankings(
    y: NDArray[np.uint8],
    probability: Doubles,
    is_new: NDArray[np.bool_],
    customer: NDArray[np.int32],
    multiplicities: NDArray[np.int64],
) -> dict[str, Doubles]:
    n_customers = multiplicities.shape[1]
    everything = rank(y, probability, customer, n_customers)
    new = rank(y[is_new], probability[is_new], customer[is_new], n_customers)
    found = []
    for start in range(0, len(multiplicities), _DRAWS_AT_ONCE):
        weights = multiplicities[start : start + _DRAWS_AT_ONCE].T
        found.append((*weighted_ap_auc(everything, weights), weighted_ap_auc(new, weights)[0]))
    average_precision, auc, new_ap = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return {"average_precision": average_precision, "auc": auc, "average_precision_new": new_ap}


def _per_customer(
    customer: NDArray[np.int32], n_customers: int, columns: Mapping[str, NDArray[np.generic]]
) -> dict[str, Doubles]:
    return {
        name: np.asarray(np.bincount(customer, values.astype(np.float64), minlength=n_customers), np.float64)
        for name, values in columns.items()
    }
