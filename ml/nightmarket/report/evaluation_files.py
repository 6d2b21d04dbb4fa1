"""Read what a model's ``evaluation.json`` and ``manifest.json`` say of a head.

The files are written by ``modeling/evaluation.py`` and ``io/model_files.py`` when a model is trained.

A model may have been registered by another version of Nightmarket, or trained where something could
not be measured; the report then says "not measured" instead of failing on the morning it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nightmarket.report.evaluation import Evaluation, FeatureShare, LiftPoint, Metric, ReliabilityBin, Rival
from nightmarket.report.metric_names import KNOWN_METRICS


def read_evaluation(
    raw: Mapping[str, Any] | None, head: str, *, manifest: Mapping[str, Any] | None = None
) -> Evaluation:
    """Parse what the two files say of ``head``; parts that are missing or of another shape are left empty.

    Parameters
    ----------
    raw
        ``evaluation.json``, or None where the model has none.
    manifest
        ``manifest.json``, for the recipe of the head and the dates of its windows.
    """
    raw = _mapping(_mapping(_mapping(raw).get("heads")).get(head))
    manifest = _mapping(manifest)
    decision, metrics, lift = (_mapping(raw.get(name)) for name in ("decision", "metrics", "lift"))
    recipe = _mapping(_mapping(manifest.get("heads")).get(head)).get("recipe") or decision.get("recipe")
    recipe, baseline, gate_metric = (_name(one) for one in (recipe, raw.get("baseline"), raw.get("gate_metric")))
    n_rows, n_positive = _number(raw.get("n_rows")), _number(raw.get("n_positive"))
    is_amount = raw.get("kind") == "amount"
    return Evaluation(
        recipe=recipe or None,
        baseline=baseline or None,
        reason=_name(decision.get("reason")) or None,
        n_rows=int(n_rows) if n_rows else None,
        base_rate=n_positive / n_rows if n_rows and n_positive is not None and not is_amount else None,
        threshold=None if is_amount else _number(raw.get("threshold")),
        gate_metric=gate_metric or None,
        metrics=_metrics(_mapping(metrics.get(recipe))),
        rivals=_rivals(metrics, gate_metric),
        reliability=_reliability(raw.get("reliability")),
        lift=_lift(lift.get(recipe)),
        lift_of_baseline=_lift(lift.get(baseline)) if recipe != baseline else (),
        importance=_importance(_mapping(raw.get("importance"))),
        splits=_splits({**manifest, **_mapping(_mapping(manifest.get("windows_of_heads")).get(head))}),
    )


def _metrics(found: Mapping[str, Any]) -> tuple[Metric, ...]:
    metrics = []
    for name, (label, meaning, more_is_better) in KNOWN_METRICS.items():
        value = _number(found.get(name))
        if value is not None:
            parts = (f"{name}_low", f"{name}_high", f"baseline_{name}", f"gain_{name}_low", f"gain_{name}_high")
            metrics.append(
                Metric(name, label, meaning, more_is_better, value, *(_number(found.get(part)) for part in parts))
            )
    return tuple(metrics)


def _rivals(metrics: Mapping[str, Any], metric: str) -> tuple[Rival, ...]:
    rivals = []
    for recipe, found in metrics.items():
        value, low, high = (_number(_mapping(found).get(f"{metric}{end}")) for end in ("", "_low", "_high"))
        if value is not None:
            rivals.append(Rival(str(recipe), value, low, high))
    more_is_better = KNOWN_METRICS[metric][2] if metric in KNOWN_METRICS else True
    return tuple(sorted(rivals, key=lambda one: (-one.value if more_is_better else one.value, one.recipe)))


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


def _name(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        return None
    return float(raw)
