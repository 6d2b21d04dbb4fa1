"""The gate of a demand model: it must be no worse than the best simple baseline, or the baseline takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from nightmarket.modeling.demand import DemandModel, Panel
from nightmarket.modeling.demand.bands import BLOCKS
from nightmarket.modeling.demand.baselines import forecast_baseline
from nightmarket.modeling.demand.candidates import FALLBACK, Choice
from nightmarket.modeling.demand.classes import CLASSES
from nightmarket.modeling.demand.histories import LEVELS, Level, histories_of
from nightmarket.modeling.demand.measure import errors_of
from nightmarket.modeling.demand.outcomes import outcomes_of

SIMPLE = ("naive", "mean of 4 weeks", "mean of 8 weeks", "mean of 13 weeks")
"""What a planner would do by hand; a sum of columns each."""
CHOSEN, BASELINE = "best_per_class", "baseline"
TOLERANCE = 0.01
"""Three origins cannot tell models apart whose errors differ by less than a hundredth."""
_LEVEL: Level = "category"
"""Where models are held against baselines: products are too noisy to tell them apart, and the total is one series."""


@dataclass(frozen=True)
class Verdict:
    """What the gate said.

    Attributes
    ----------
    recipe : 'best_per_class', or 'baseline' where a baseline took the model's place
    compared : WAPE at the categories by name; empty where the history was too short to compare
    metrics : the model's on the rolling origins, by name
    """

    recipe: str
    passed: bool
    reason: str
    compared: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def hold_gate(model: DemandModel, panel_at: Callable[[date], Panel], cut_off: date) -> tuple[DemandModel, Verdict]:
    """Return the model that may be registered, ``model`` or the best baseline, and why.

    Both are measured on the origins that the training kept for comparison, with trees that saw nothing later.
    """
    measured: list[dict[str, Any]] = model.evaluation.get("origins", [])
    if not measured:
        reason = f"Too little history to compare methods: {FALLBACK} with Poisson bands."
        return model, Verdict(BASELINE, True, reason)
    own = _mean_of_blocks([one[name] for one in measured for name in _block_names() if name in one])
    compared = {CHOSEN: own, **_baselines(measured, panel_at, cut_off)}
    best = min(SIMPLE, key=lambda name: compared[name])
    metrics = {f"wape_{name.replace(' ', '_')}": round(wape, 5) for name, wape in compared.items()}
    in_order = _are_quantiles_in_order(model)
    against = f"category WAPE {own:.4f} against {compared[best]:.4f} of {best}, {len(measured)} origins"
    if own <= compared[best] * (1 + TOLERANCE) and in_order:
        return model, Verdict(CHOSEN, True, f"No worse than the best baseline: {against}.", compared, metrics)
    why = "Worse than the best baseline" if in_order else "Quantiles out of order"
    plain = Choice({f"{level}/{one}": best for level in LEVELS for one in CLASSES})
    kept = replace(model, choice=plain, boosters={})
    return kept, Verdict(BASELINE, True, f"{why}, which takes its place: {against}.", compared, metrics)


def _baselines(measured: list[dict[str, Any]], panel_at: Callable[[date], Panel], cut_off: date) -> dict[str, float]:
    later = panel_at(cut_off)
    parts: dict[str, list[dict[str, float]]] = {name: [] for name in SIMPLE}
    for one in measured:
        panel = panel_at(date.fromisoformat(one["as_of_date"]))
        histories = histories_of(panel)
        outcome = outcomes_of(panel, histories, later)[_LEVEL]
        for name in SIMPLE:
            units = forecast_baseline(name, histories[_LEVEL])
            for start, end in BLOCKS:
                wape = errors_of(units[:, start:end], outcome[:, start:end]).wape
                if np.isfinite(wape):
                    parts[name].append({"wape": wape})
    return {name: _mean_of_blocks(found) for name, found in parts.items()}


def _block_names() -> list[str]:
    return [f"{_LEVEL}/weeks {start + 1}-{end}" for start, end in BLOCKS]


def _mean_of_blocks(found: list[dict[str, float]]) -> float:
    return round(float(np.mean([one["wape"] for one in found])), 5) if found else float("nan")


def _are_quantiles_in_order(model: DemandModel) -> bool:
    units = np.geomspace(0.01, 10_000, 8)[None].repeat(len(CLASSES), axis=0)
    made = [model.bands.around(level, np.asarray(CLASSES), units, np.ones_like(units)) for level in LEVELS]
    return all(bool((np.diff(one, axis=-1) >= 0).all() and (one >= 0).all()) for one in made)
