"""The gate of a demand model: a level that is worse than its best simple baseline is forecast by that baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from nightmarket.modeling.demand import DemandModel, Panel
from nightmarket.modeling.demand.bands import BLOCKS
from nightmarket.modeling.demand.baselines import forecast_baseline
from nightmarket.modeling.demand.candidates import BY_HAND, FALLBACK
from nightmarket.modeling.demand.classes import CLASSES
from nightmarket.modeling.demand.histories import LEVELS, Level, histories_of
from nightmarket.modeling.demand.measure import errors_of
from nightmarket.modeling.demand.outcomes import known_at, outcomes_of

SIMPLE = ("naive", "mean of 4 weeks", "mean of 8 weeks", "mean of 13 weeks")
"""What a planner would do by hand; a sum of columns each, the calendar in them."""
CHOSEN, BASELINE = "best_per_class", "baseline"
TOLERANCE = 0.01
"""Three origins cannot tell models apart whose errors differ by less than a hundredth."""
JUDGED: tuple[Level, ...] = ("category", "product")
"""Where methods are held against baselines, each by itself: the total is one series, and the sum of the categories."""


@dataclass(frozen=True)
class Verdict:
    """What the gate said.

    Attributes
    ----------
    recipe : 'best_per_class', or 'baseline' where baselines took the model's place at every level
    compared : WAPE by level and name; empty where the history was too short to compare
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
    """Return the model that may be registered, with baselines at the levels where it is worse than they are, and why.

    Both are measured on the origins that the training kept for comparison, with trees that saw nothing later.
    """
    measured: list[dict[str, Any]] = model.evaluation.get("origins", [])
    if not measured:
        reason = f"Too little history to compare methods: {FALLBACK} with Poisson bands."
        return model, Verdict(BASELINE, True, reason)
    in_order = _are_quantiles_in_order(model)
    compared = {level: _compare(level, measured, panel_at, cut_off) for level in JUDGED}
    methods, said, n_replaced = dict(model.choice.methods), [], 0
    for level, wapes in compared.items():
        best = min(SIMPLE, key=lambda name: wapes[name])
        against = f"{level} WAPE {wapes[CHOSEN]:.4f} against {wapes[best]:.4f} of {best}"
        if wapes[CHOSEN] <= wapes[best] * (1 + TOLERANCE) and in_order:
            said.append(f"{against}: kept")
            continue
        methods |= {f"{level}/{one}": best + BY_HAND for one in CLASSES}
        said.append(f"{against}: {best} takes its place")
        n_replaced += 1
    flat = {f"{level} {name}": wape for level, wapes in compared.items() for name, wape in wapes.items()}
    reason = f"{len(measured)} origins; {'; '.join(said)}." + ("" if in_order else " The quantiles were out of order.")
    metrics = {f"wape_{name.replace(' ', '_')}": round(wape, 5) for name, wape in flat.items()}
    recipe = BASELINE if n_replaced == len(JUDGED) else CHOSEN
    return replace(model, choice=replace(model.choice, methods=methods)), Verdict(recipe, True, reason, flat, metrics)


def _compare(
    level: Level, measured: list[dict[str, Any]], panel_at: Callable[[date], Panel], cut_off: date
) -> dict[str, float]:
    """Return the WAPE of the chosen methods and of every simple one at ``level``, the mean of origins and blocks."""
    names = [f"{level}/weeks {start + 1}-{end}" for start, end in BLOCKS]
    own = [one[name]["wape"] for one in measured for name in names if name in one]
    later = known_at(panel_at(cut_off))
    found: dict[str, list[float]] = {name: [] for name in SIMPLE}
    for one in measured:
        panel = panel_at(date.fromisoformat(one["as_of_date"]))
        histories = histories_of(panel)
        outcome = outcomes_of(panel.as_of_date, histories, later)[level]
        for name in SIMPLE:
            units = forecast_baseline(name, histories[level])
            wapes = (errors_of(units[:, start:end], outcome[:, start:end]).wape for start, end in BLOCKS)
            found[name] += [wape for wape in wapes if np.isfinite(wape)]
    return {name: _mean(wapes) for name, wapes in {CHOSEN: own, **found}.items()}


def _mean(found: list[float]) -> float:
    return round(float(np.mean(found)), 5) if found else float("nan")


def _are_quantiles_in_order(model: DemandModel) -> bool:
    units = np.geomspace(0.01, 10_000, 8)[None].repeat(len(CLASSES), axis=0)
    made = [model.bands.around(level, np.asarray(CLASSES), units, np.ones_like(units)) for level in LEVELS]
    return all(bool((np.diff(one, axis=-1) >= 0).all() and (one >= 0).all()) for one in made)
