"""Metrics of a probability forecast. Pure numpy, tie-aware, equal to scikit-learn's definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.base import Measured

Doubles = NDArray[np.float64]
N_ECE_BINS = 20
_DRAWS_AT_ONCE = 20
"""Running sums over 100,000 runs × 20 draws are 16 MB each: they stay near the cache."""

FORMULAS = {
    "average_precision": "sum over positives of the precision at their rank, ties as one, over the number of positives",
    "new_pair_average_precision": "average_precision on the pairs that were never bought before the origin",
    "roc_auc": "share of (positive, negative) pairs in the right order, ties as half",
    "brier": "mean of (probability - outcome) squared",
    "ece": "mean over rows of |mean probability - share of positives| of their bin; 20 bins of equally many rows",
    "accuracy": "share of rows where (probability >= threshold) equals the outcome",
    "precision": "positives among the rows with probability >= threshold",
    "recall": "share of the positives with probability >= threshold",
    "f1": "harmonic mean of precision and recall",
}


@dataclass(frozen=True)
class Ranking:
    """Rows in falling order of their score, folded to the runs of equal scores that hold a positive.

    Attributes
    ----------
    segments : sparse (2 × n_runs + 1, n_customers)
        Rows of each customer before the first run, in it, between it and the next, and so on.
    hits : sparse (n_runs, n_customers)
        Positives of each customer in each run.

    A sorted list of 600,000 rows is needed only where a positive stands; folded like this, a
    weighting of customers is a sparse product and a running sum, for hundreds of draws at once.
    """

    segments: csr_matrix
    hits: csr_matrix


def rank(y: NDArray[Any], score: NDArray[Any], customer: NDArray[np.int32], n_customers: int) -> Ranking:
    """Sort once for every weighting of the customers."""
    order = np.argsort(-score, kind="stable")
    sorted_score, sorted_customer = score[order], customer[order]
    run_start = np.flatnonzero(np.concatenate(([True], sorted_score[1:] != sorted_score[:-1])))
    run_of = np.repeat(np.arange(len(run_start)), np.diff(np.concatenate((run_start, [len(order)]))))
    positives = np.flatnonzero(y[order])
    runs, hit_run = np.unique(run_of[positives], return_inverse=True)
    ends = np.concatenate((run_start[1:], [len(order)]))
    cuts = np.column_stack((run_start[runs], ends[runs])).ravel()
    segment = np.searchsorted(cuts, np.arange(len(order)), side="right")
    return Ranking(
        _count(segment, sorted_customer, (2 * len(runs) + 1, n_customers)),
        _count(hit_run, sorted_customer[positives], (len(runs), n_customers)),
    )


def weighted_ap_auc(ranking: Ranking, weights: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Return average precision and AUC for each weighting of the customers; NaN where a class has no weight.

    Parameters
    ----------
    weights : (n_customers, n_draws), whole numbers

    Returns
    -------
    Two arrays of shape (n_draws,).
    """
    weights = weights.astype(np.float32)  # whole numbers below 2**24 are exact
    hits = (ranking.hits @ weights).astype(np.float64)
    seen = np.cumsum(ranking.segments @ weights, axis=0, dtype=np.float64)
    at_start, at_end = seen[0:-1:2], seen[1::2]
    hits_end = np.cumsum(hits, axis=0)
    hits_start = hits_end - hits
    total, rows = hits.sum(axis=0), seen[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(at_end > 0, hits_end / at_end, 0)
        average_precision = (hits * precision).sum(axis=0) / total
        negatives_above = (at_start - hits_start + at_end - hits_end) / 2
        auc = 1 - (hits * negatives_above).sum(axis=0) / (total * (rows - total))
    undefined = (total <= 0) | (rows <= total)
    return np.where(undefined, np.nan, average_precision), np.where(undefined, np.nan, auc)


def _count(row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=shape)


def expected_calibration_error(y: NDArray[Any], probability: Doubles, n_bins: int = N_ECE_BINS) -> float:
    """Return the mean gap of forecast and outcome over ``n_bins`` bins of equally many rows."""
    bins = equal_count_bins(probability, n_bins)
    gaps = np.bincount(bins, probability - y, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(y))


def equal_count_bins(probability: Doubles, n_bins: int) -> NDArray[np.int64]:
    """Return each row's bin, 0 to ``n_bins - 1`` by rising probability; equal ones stay in row order."""
    bins = np.empty(len(probability), np.int64)
    bins[np.argsort(probability, kind="stable")] = np.arange(len(probability)) * n_bins // len(probability)
    return bins


def measure_pairs(frame: Frame, forecast: Forecast, *, multiplicities: NDArray[np.int64], threshold: float) -> Measured:
    """Measure probabilities of the rows of ``frame``; see :data:`FORMULAS` and :class:`Measure`."""
    return Measured(
        evaluate(frame.y, forecast.value, frame.is_new, threshold),
        bootstrap_metrics(
            y=frame.y,
            probability=forecast.value,
            is_new=frame.is_new,
            customer=frame.customer,
            threshold=threshold,
            multiplicities=multiplicities,
        ),
    )


def evaluate(y: NDArray[Any], probability: Doubles, is_new: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    """Return every metric of :data:`FORMULAS`.

    Parameters
    ----------
    y : (n,) 0 or 1
    probability : (n,) float64
    is_new : (n,) bool, True for never-bought pairs; where there are none, ``new_pair_average_precision`` is left out
    threshold : a yes is a probability of at least this
    """
    everyone, one = np.zeros(len(y), np.int32), np.ones((1, 1))
    average_precision, auc = weighted_ap_auc(rank(y, probability, everyone, 1), one)
    found = {"average_precision": float(average_precision[0])}
    if is_new.any():
        new_ap, _ = weighted_ap_auc(rank(y[is_new], probability[is_new], everyone[is_new], 1), one)
        found["new_pair_average_precision"] = float(new_ap[0])
    yes = probability >= threshold
    n_yes, n_positive, n_hit = int(yes.sum()), int(y.sum()), int((yes & (y > 0)).sum())
    precision = n_hit / n_yes if n_yes else 0.0
    recall = n_hit / n_positive if n_positive else 0.0
    return {
        **found,
        "roc_auc": float(auc[0]),
        "brier": float(np.mean((probability - y) ** 2)),
        "ece": expected_calibration_error(y, probability),
        "accuracy": float(np.mean(yes == (y > 0))),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    }


def bootstrap_metrics(
    *,
    y: NDArray[np.uint8],
    probability: Doubles,
    is_new: NDArray[np.bool_],
    customer: NDArray[np.int32],
    threshold: float,
    multiplicities: NDArray[np.int64],
) -> dict[str, Doubles]:
    """Return each metric of :func:`evaluate` in every draw, shape (n_draws,).

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


def _rankings(
    y: NDArray[np.uint8],
    probability: Doubles,
    is_new: NDArray[np.bool_],
    customer: NDArray[np.int32],
    multiplicities: NDArray[np.int64],
) -> dict[str, Doubles]:
    n_customers = multiplicities.shape[1]
    parts = [multiplicities[i : i + _DRAWS_AT_ONCE].T for i in range(0, len(multiplicities), _DRAWS_AT_ONCE)]
    everything = rank(y, probability, customer, n_customers)
    average_precision, auc = zip(*(weighted_ap_auc(everything, weights) for weights in parts), strict=True)
    found = {"average_precision": np.concatenate(average_precision), "roc_auc": np.concatenate(auc)}
    if is_new.any():
        new = rank(y[is_new], probability[is_new], customer[is_new], n_customers)
        found["new_pair_average_precision"] = np.concatenate([weighted_ap_auc(new, one)[0] for one in parts])
    return found


def _per_customer(
    customer: NDArray[np.int32], n_customers: int, columns: Mapping[str, NDArray[np.generic]]
) -> dict[str, Doubles]:
    return {
        name: np.asarray(np.bincount(customer, values.astype(np.float64), minlength=n_customers), np.float64)
        for name, values in columns.items()
    }
