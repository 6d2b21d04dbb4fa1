"""What a training says about itself, as plain numbers: the run's metrics, the report's pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.base import Kind
from nightmarket.modeling.metrics.pairs import N_ECE_BINS, equal_count_bins
from nightmarket.modeling.tournament import Tested, Tournament


def metrics_of_recipe(tested: Tested, baseline: Tested) -> dict[str, float]:
    """Return every metric with its interval, the baseline's beside it, and the paired gain over it."""
    found: dict[str, float] = {}
    for name, value in tested.metrics.items():
        found[name] = value
        found[f"{name}_low"], found[f"{name}_high"] = tested.intervals[name].low, tested.intervals[name].high
        found[f"baseline_{name}"] = baseline.metrics[name]
        if tested.recipe != baseline.recipe:
            gain = tested.gains[name]
            found[f"gain_{name}_low"], found[f"gain_{name}_high"] = gain.low, gain.high
    return found


def describe_tournament(tournament: Tournament, y: NDArray[Any], *, threshold: float) -> dict[str, Any]:
    """Return what the report draws of a head: metrics by recipe, and the winner's reliability, lift and importance."""
    head, winner = tournament.head, tournament.winner
    baseline = tournament.tested[head.baseline]
    description: dict[str, Any] = {
        "head": head.name,
        "kind": head.kind.value,
        "baseline": head.baseline,
        "gate_metric": head.gate_metric,
        "test_origin": tournament.windows.test.isoformat(),
        "decision": asdict(tournament.decision),
        "threshold": threshold,
        "n_rows": len(y),
        "n_positive": int((y > 0).sum()),
        "metrics": {
            name: {metric: round(value, 6) for metric, value in metrics_of_recipe(one, baseline).items()}
            for name, one in tournament.tested.items()
        },
        "importance": _rounded(winner.scorer.model.importance()),
    }
    if head.kind is Kind.PROBABILITY:
        description["reliability"] = reliability(y, winner.forecast.value)
        description["lift"] = {name: lift(y, one.forecast.value) for name, one in tournament.tested.items()}
    return description


def reliability(y: NDArray[Any], probability: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return the mean forecast and the outcome in 20 bins of equally many rows, by rising forecast."""
    bins = equal_count_bins(probability, N_ECE_BINS)
    rows = np.maximum(np.bincount(bins, minlength=N_ECE_BINS), 1)
    forecast, outcome = (np.bincount(bins, values, minlength=N_ECE_BINS) / rows for values in (probability, y))
    return [
        {"forecast": round(float(f), 6), "outcome": round(float(o), 6), "rows": int(n)}
        for f, o, n in zip(forecast, outcome, rows, strict=True)
    ]


def lift(y: NDArray[Any], probability: NDArray[np.float64], n_points: int = 50) -> list[dict[str, float]]:
    """Return which share of all purchases the best-ranked share of rows holds."""
    hits = np.cumsum(y[np.argsort(-probability, kind="stable")])
    ends = (np.arange(1, n_points + 1) * len(y) // n_points).clip(1)
    return [
        {
            "share_of_rows": round(float(end / len(y)), 4),
            "share_of_purchases": round(float(hits[end - 1] / hits[-1]), 6),
        }
        for end in ends
    ]


def _rounded(importance: Mapping[str, float]) -> dict[str, float]:
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(value, 6) for name, value in ranked}
