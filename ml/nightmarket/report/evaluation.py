"""What a model's ``evaluation.json`` and ``manifest.json`` say, read so that a missing part is simply not there.

The files are written by ``modeling/evaluation.py`` and ``io/model_files.py`` when a model is trained.

A model may have been registered by another version of Nightmarket, or trained where something could
not be measured; the report then says "not measured" instead of failing on the morning it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Name in evaluation.json → what the report calls it, what it means, and whether more is better.
KNOWN_METRICS: dict[str, tuple[str, str, bool]] = {
    "average_precision": ("Average precision", "How pure the top of the ranking is, over all depths.", True),
    "average_precision_new": ("Average precision, never bought", "The same on pairs without any purchase yet.", True),
    "auc": ("AUC", "Chance that a buying pair ranks above one that does not buy.", True),
    "brier": ("Brier score", "Mean squared gap of probability and outcome.", False),
    "ece": ("Calibration error", "Mean gap of forecast and outcome over 20 bins.", False),
    "precision": ("Precision", "Of the pairs called yes, how many buy.", True),
    "recall": ("Recall", "Of the pairs that buy, how many are called yes.", True),
    "f1": ("F1", "Harmonic mean of precision and recall.", True),
    "accuracy": ("Accuracy", "How many pairs are called right; most are a plain no.", True),
}


@dataclass(frozen=True)
class Metric:
    """One metric of the tested fit with its 95 % interval, and the frequency baseline's value beside it.

    ``gain_low`` and ``gain_high`` are the paired interval of value minus frequency.
    """

    name: str
    label: str
    meaning: str
    more_is_better: bool
    value: float
    low: float | None = None
    high: float | None = None
    frequency: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None

    @property
    def beats_frequency(self) -> bool | None:
        """True or False where the paired gain lies wholly on one side of 0, else None: not known."""
        if self.gain_low is None or self.gain_high is None or self.gain_low <= 0 <= self.gain_high:
            return None
        return (self.gain_low > 0) == self.more_is_better


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of similar probability: what was forecast and what happened, both in [0, 1]."""

    forecast: float
    outcome: float
    n: int


@dataclass(frozen=True)
class LiftPoint:
    """The best ``share_of_rows`` of the ranking, and the share of all purchases that it holds."""

    share_of_rows: float
    share_of_purchases: float

    @property
    def lift(self) -> float:
        """How many times more purchases than in as many rows drawn blindly."""
        return self.share_of_purchases / self.share_of_rows


@dataclass(frozen=True)
class FeatureShare:
    """How much of the model's total importance one feature has, in [0, 1]."""

    feature: str
    share: float

    @property
    def group(self) -> str:
        """``customer``, ``category``, ``pair``, ``affinity``, ``text`` or ``other``."""
        prefix, _, rest = self.feature.partition("__")
        return prefix if rest and prefix in ("customer", "category", "pair", "affinity", "text") else "other"


@dataclass(frozen=True)
class Evaluation:
    """The tested fit of a recipe. Empty parts were not measured."""

    recipe: str | None = None
    reason: str | None = None
    n_rows: int | None = None
    base_rate: float | None = None
    threshold: float | None = None
    metrics: tuple[Metric, ...] = ()
    rivals: tuple[tuple[str, float, float | None, float | None], ...] = ()
    """Recipe, average precision and its interval, of every recipe that stood in the tournament."""
    reliability: tuple[ReliabilityBin, ...] = ()
    lift: tuple[LiftPoint, ...] = ()
    lift_of_frequency: tuple[LiftPoint, ...] = ()
    importance: tuple[FeatureShare, ...] = ()
    splits: tuple[tuple[str, str], ...] = ()


def read_evaluation(
    raw: Mapping[str, Any] | None, *, recipe: str | None = None, manifest: Mapping[str, Any] | None = None
) -> Evaluation:
    """Parse the two files; parts that are missing or of another shape are left empty.

    Parameters
    ----------
    raw
        ``evaluation.json``, or None where the model has none.
    recipe
        The recipe that scored the night; its metrics are read.
    manifest
        ``manifest.json``, for the dates of the windows.
    """
    raw = _mapping(raw)
    decision = _mapping(raw.get("decision"))
    recipe = recipe or str(decision.get("recipe", ""))
    metrics, lift = _mapping(raw.get("metrics")), _mapping(raw.get("lift"))
    n_rows, n_positive = _number(raw.get("n_rows")), _number(raw.get("n_positive"))
    return Evaluation(
        recipe=recipe or None,
        reason=decision.get("reason"),
        n_rows=int(n_rows) if n_rows else None,
        base_rate=n_positive / n_rows if n_rows and n_positive is not None else None,
        threshold=_number(raw.get("threshold")),
        metrics=_metrics(_mapping(metrics.get(recipe))),
        rivals=_rivals(metrics),
        reliability=_reliability(raw.get("reliability")),
        lift=_lift(lift.get(recipe)),
        lift_of_frequency=_lift(lift.get("frequency")) if recipe != "frequency" else (),
        importance=_importance(_mapping(raw.get("importance"))),
        splits=_splits(_mapping(manifest)),
    )


def _metrics(found: Mapping[str, Any]) -> tuple[Metric, ...]:
    metrics = []
    for name, (label, meaning, more_is_better) in KNOWN_METRICS.items():
        value = _number(found.get(name))
        if value is not None:
            parts = (f"{name}_low", f"{name}_high", f"frequency_{name}", f"gain_{name}_low", f"gain_{name}_high")
            metrics.append(
                Metric(name, label, meaning, more_is_better, value, *(_number(found.get(part)) for part in parts))
            )
    return tuple(metrics)


def _rivals(metrics: Mapping[str, Any]) -> tuple[tuple[str, float, float | None, float | None], ...]:
    rivals = []
    for recipe, found in metrics.items():
        low, value, high = (_number(_mapping(found).get(f"average_precision{end}")) for end in ("_low", "", "_high"))
        if value is not None:
            rivals.append((str(recipe), value, low, high))
    return tuple(sorted(rivals, key=lambda rival: (-rival[1], rival[0])))


def _reliability(raw: Any) -> tuple[ReliabilityBin, ...]:
    bins = []
    for one in _rows(raw):
        forecast, outcome = _number(one.get("forecast")), _number(one.get("outcome"))
        if forecast is not None and outcome is not None:
            bins.append(ReliabilityBin(forecast, outcome, int(_number(one.get("rows")) or 0)))
    return tuple(sorted(bins, key=lambda one: one.forecast))


def _lift(raw: Any) -> tuple[LiftPoint, ...]:
    points = []
    for one in _rows(raw):
        rows, purchases = _number(one.get("share_of_rows")), _number(one.get("share_of_purchases"))
        if rows and purchases is not None and rows > 0:
            points.append(LiftPoint(rows, purchases))
    return tuple(sorted(points, key=lambda point: point.share_of_rows))


def _importance(raw: Mapping[str, Any]) -> tuple[FeatureShare, ...]:
    known = {str(feature): size for feature, value in raw.items() if (size := abs(_number(value) or 0.0)) > 0}
    total = sum(known.values())
    shares = [FeatureShare(feature, size / total) for feature, size in known.items()]
    return tuple(sorted(shares, key=lambda one: (-one.share, one.feature)))


def _splits(manifest: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    named = (
        ("trained on", "train_origins"),
        ("calibrated at", "calibrate_origin"),
        ("tested at", "test_origin"),
        ("refitted on", "refit_train_origins"),
        ("refit calibrated at", "refit_calibrate_origin"),
        ("label cut-off", "label_cutoff"),
        ("seed", "seed"),
        ("encoder", "encoder_key"),
    )
    return tuple(
        (label, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for label, name in named
        if (value := manifest.get(name)) not in (None, "", [])
    )


def _mapping(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _rows(raw: Any) -> list[Mapping[str, Any]]:
    return [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list | tuple) else []


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        return None
    return float(raw)
