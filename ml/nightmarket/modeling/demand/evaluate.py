"""Honest evaluation: at every origin a model is trained on what was known there, and meets what came."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.bands import BLOCKS, QUANTILES
from nightmarket.modeling.demand.baselines import BASELINES, YEAR, forecast_baseline
from nightmarket.modeling.demand.candidates import SERIES_BY_SERIES
from nightmarket.modeling.demand.histories import LEVELS, Level
from nightmarket.modeling.demand.measure import Errors, coverage
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel
from nightmarket.modeling.demand.tested import (
    HEADLINE,
    TOP_NAME,
    Tested,
    bootstrap_gain,
    errors_at_origins,
    mean_bias,
    mean_wape,
    test_origin,
)
from nightmarket.modeling.demand.train import PanelAt

MEDIANS = (4, 8, 13, 26)
"""Weeks of the medians that the published median is held against."""
ARMS = ("without_intents", "without_text", "shuffled_text")


def evaluate_demand(
    panel_at: PanelAt,
    origins: Sequence[date],
    *,
    seeds: Sequence[int] = (0,),
    threads: int = 1,
    say: Callable[[str], None] = lambda _: None,
    closed_until: date | None = None,
    arms: bool = True,
) -> dict[str, Any]:
    """Train and test at every origin, and return plain numbers.

    A cell is a series and a single week. ``wape`` is the mean over origins of the summed absolute errors over the
    summed units of the first 4 weeks; ``bias`` is the mean of summed errors over summed units; below 0 is too low.
    Intervals are a bootstrap over series. ``gain`` is how far the best baseline's WAPE lies above the model's.

    Both are of the expected units. ``median`` holds the WAPE of the published median and that of the best median of a
    series' last weeks: absolute errors are least around a median, units add up only as means, and for demand with peaks
    the two are far apart (Kolassa, "Why the 'best' point forecast depends on the error or accuracy measure",
    International Journal of Forecasting 36 (2020)).

    Parameters
    ----------
    closed_until : weeks that end by then are known to ``panel_at``; without it 4 weeks are tested
    arms : whether models without intents, without text and with the text of other products are trained, too; None is
        returned for an arm where the panels have no intents, or no text
    """
    tested = {
        seed: [test_origin(panel_at, origin, seed, threads, closed_until) for origin in origins] for seed in seeds
    }
    say(f"{len(origins)} origins, {len(seeds)} seeds")
    first = tested[seeds[0]]
    found: dict[str, Any] = {
        "origins": [origin.isoformat() for origin in origins],
        "seeds": list(seeds),
        "levels": {},
        "blocks": {},
        "methods": [dict(one.model.choice.methods) for one in first],
    }
    for name in first[0].parts():
        found["levels"][name] = _level(name, list(tested.values()))
    for start, end in BLOCKS:
        for name in (*LEVELS, TOP_NAME):
            found["blocks"][f"{name}/weeks {start + 1}-{end}"] = _figures(name, first, slice(start, end))
    found["arms"] = {"model": wapes_of(first), **dict.fromkeys(ARMS)}
    run: dict[str, PanelAt] = {}
    if arms and first[0].panel.intents is not None:
        run |= {"without_intents": lambda origin: panel_at(origin).without_intents()}
    if arms and first[0].panel.text is not None:
        run |= {
            "without_text": lambda origin: panel_at(origin).without_text(),
            "shuffled_text": _shuffled_text(panel_at),
        }
    for name, arm in run.items():
        found["arms"][name] = wapes_of([test_origin(arm, one, seeds[0], threads, closed_until) for one in origins])
    return found


def _level(name: str, by_seed: Sequence[Sequence[Tested]]) -> dict[str, Any]:
    first = by_seed[0]
    found = _figures(name, first)
    if not found:
        return found
    if len(by_seed) > 1:
        found["wape_by_seed"] = [_figures(name, one)["wape"] for one in by_seed]
    baselines = {}
    for method in BASELINES:
        errors = _baseline_errors(name, method, first)
        if errors is not None:
            baselines[method] = errors
    found["baselines"] = {
        method: {"wape": round(mean_wape(errors), 5), "bias": round(mean_bias(errors), 5)}
        for method, errors in baselines.items()
    }
    best = min(baselines, key=lambda method: (found["baselines"][method]["wape"], method))
    gain = bootstrap_gain(first, name, errors_at_origins(name, first), baselines[best])
    return found | {
        "median": _median(name, first),
        "best_baseline": best,
        "gain": round(found["baselines"][best]["wape"] - found["wape"], 5),
        "gain_low": round(gain.low, 5),
        "gain_high": round(gain.high, 5),
    }


def _figures(name: str, tested: Sequence[Tested], weeks: slice = HEADLINE) -> dict[str, Any]:
    errors = errors_at_origins(name, tested, weeks=weeks)
    if not errors:
        return {}
    inside = np.zeros((2, 2), np.int64)
    for one in tested:
        level, rows = one.parts()[name]
        for place, share in enumerate((0.8, 0.95)):
            inside[place] += coverage(one.quantiles[level][rows, weeks], one.outcome[level][rows, weeks], share)
    return {
        "wape": round(mean_wape(errors), 5),
        "wape_by_origin": [round(one.wape, 5) for one in errors],
        "bias": round(mean_bias(errors), 5),
        "bias_by_origin": [round(one.bias, 5) for one in errors],
        "coverage_80": round(float(inside[0, 0] / inside[0, 1]), 5),
        "coverage_95": round(float(inside[1, 0] / inside[1, 1]), 5),
        "n_cells": int(inside[0, 1]),
    }


def _median(name: str, tested: Sequence[Tested]) -> dict[str, Any]:
    """Return WAPE and bias of the published median, and its gain over the best median of a series' last weeks."""
    at = QUANTILES.index(0.5)
    ours = errors_at_origins(name, tested, lambda one, level, rows: one.quantiles[level][rows, :, at])
    theirs = {n: errors_at_origins(name, tested, functools.partial(_median_of_weeks, n)) for n in MEDIANS}
    wapes = {n: mean_wape(errors) for n, errors in theirs.items()}
    best = min(wapes, key=lambda n: (wapes[n], n))
    gain = bootstrap_gain(tested, name, ours, theirs[best])
    return {
        "wape": round(mean_wape(ours), 5),
        "bias": round(mean_bias(ours), 5),
        "best_baseline": f"median of {best} weeks",
        "baseline_wape": round(wapes[best], 5),
        "gain_low": round(gain.low, 5),
        "gain_high": round(gain.high, 5),
    }


def _median_of_weeks(n: int, one: Tested, level: Level, rows: NDArray[np.int64]) -> Doubles:
    return np.repeat(np.median(one.points.histories[level].filled[rows, -n:], axis=1)[:, None], HORIZON, axis=1)


def _baseline_errors(name: str, method: str, tested: Sequence[Tested]) -> list[Errors] | None:
    if method in SERIES_BY_SERIES and name.startswith("product"):
        return None  # one call a series is too slow for all products; the largest 500 have all baselines
    if method == "seasonal naive" and any(one.panel.n_weeks < YEAR for one in tested):
        return None
    return errors_at_origins(
        name,
        tested,
        lambda one, level, rows: forecast_baseline(method, one.points.histories[level].take(rows)),
    )


def wapes_of(tested: Sequence[Tested]) -> dict[str, float]:
    """Return the WAPE of what arms are compared by."""
    found = {name: _figures(name, tested) for name in ("category", TOP_NAME, "product", "product/new", "total")}
    return {name: figures["wape"] for name, figures in found.items() if figures}


def _shuffled_text(panel_at: PanelAt) -> PanelAt:
    def shuffled(origin: date) -> Panel:
        panel = panel_at(origin)
        if panel.text is None:
            return panel
        order = np.random.default_rng(0).permutation(len(panel.text))
        return replace(panel, text=panel.text[order])

    return shuffled
