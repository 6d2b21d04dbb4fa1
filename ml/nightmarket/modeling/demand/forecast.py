"""Forecasts of every level that add up, with their bands, methods and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.bands import PUBLISHED, QUANTILES, Bands
from nightmarket.modeling.demand.calendar import take_calendar_off
from nightmarket.modeling.demand.candidates import SUM_OF_CATEGORIES, Candidates, Choice
from nightmarket.modeling.demand.classes import REGULAR
from nightmarket.modeling.demand.features import build_features
from nightmarket.modeling.demand.histories import LEVELS, Histories, Level, histories_of
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel
from nightmarket.modeling.demand.reasons import reasons_of
from nightmarket.modeling.demand.reconcile import Trust, reconcile
from nightmarket.modeling.demand.spread import spread_of
from nightmarket.modeling.demand.trees import Trees


@dataclass(frozen=True)
class DemandForecast:
    """r rows, a row for every series and week; ordered by level, item_id and week.

    Attributes
    ----------
    level, item_id : (r,) 'product', 'category' or 'total', and its id
    week : (r,) 0..7; week w ends 7 (w + 1) days after the origin
    category_id : (r,) of the product; None otherwise
    units : (r,) expected units
    quantiles : (r, 5) p05, p25, p50, p75, p95, rising and never below 0
    all_quantiles : (r, 9) at ``bands.QUANTILES``, with the ends of the intervals of 80 and 95 %
    demand_class, method : (r,)
    reasons : three lists of r
    """

    level: NDArray[np.object_]
    item_id: NDArray[np.object_]
    week: NDArray[np.int32]
    category_id: NDArray[np.object_]
    units: Doubles
    quantiles: Doubles
    all_quantiles: Doubles
    demand_class: NDArray[np.object_]
    method: NDArray[np.object_]
    reasons: tuple[list[str], list[str], list[str]]

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True)
class Points:
    """Reconciled forecasts of all levels at one origin, before their bands: (m, 8) and (m,) each."""

    histories: Mapping[Level, Histories]
    base: Mapping[Level, Doubles]
    units: Mapping[Level, Doubles]
    ahead: Mapping[Level, Doubles]
    spread: Mapping[Level, Doubles]
    demand_class: Mapping[Level, NDArray[np.str_]]
    method: Mapping[Level, NDArray[np.object_]]


def make_candidates(panel: Panel, boosters: Mapping[Level, Mapping[str, Trees]]) -> dict[Level, Candidates]:
    """Return the competing forecasts of every level at the panel's origin."""
    histories = histories_of(panel)
    ordinary, ahead = take_calendar_off(panel, histories)
    return {
        level: Candidates(
            histories[level],
            ordinary[level],
            build_features(panel, ordinary[level], ordinary["category"]),
            ahead[level],
            boosters.get(level, {}),
        )
        for level in LEVELS
    }


def combine(candidates: Mapping[Level, Candidates], choice: Choice, trust: Trust) -> Points:
    """Take every class's chosen method, and make the levels add up."""
    histories = {level: one.histories for level, one in candidates.items()}
    chosen = {level: one.chosen(choice) for level, one in candidates.items()}
    base = {level: units for level, (units, _) in chosen.items()}
    is_regular = np.isin(candidates["product"].features.rhythm.demand_class, REGULAR)
    units = reconcile(base, histories, trust, is_regular=is_regular)
    classes = {level: one.features.rhythm.demand_class for level, one in candidates.items()}
    return Points(
        histories,
        base,
        units,
        {level: one.ahead for level, one in candidates.items()},
        {level: spread_of(one.ordinary, classes[level], units[level]) for level, one in candidates.items()},
        classes,
        {level: methods for level, (_, methods) in chosen.items()}
        | ({"total": np.asarray([SUM_OF_CATEGORIES], object)} if trust.total == 0 else {}),
    )


def with_bands(panel: Panel, points: Points, bands: Bands) -> DemandForecast:
    """Return the rows of a forecast."""
    parts: dict[str, list[Any]] = {name: [] for name in DemandForecast.__dataclass_fields__ if name != "reasons"}
    reasons: tuple[list[str], list[str], list[str]] = ([], [], [])
    for level in LEVELS:
        histories, units = points.histories[level], points.units[level]
        quantiles = bands.around(level, points.demand_class[level], units, points.spread[level])
        quantiles = quantiles.reshape(units.size, len(QUANTILES))
        parts["level"].append(np.full(units.size, level, object))
        parts["item_id"].append(np.repeat(histories.item_ids, HORIZON))
        parts["week"].append(np.tile(np.arange(HORIZON, dtype=np.int32), len(histories)))
        names = np.append(panel.category_ids, [None]) if level == "product" else np.asarray([None], object)
        group = histories.group if level == "product" else np.full(len(histories), -1)
        parts["category_id"].append(np.repeat(names[group], HORIZON))
        parts["units"].append(units.ravel())
        parts["all_quantiles"].append(quantiles)
        parts["quantiles"].append(quantiles[:, list(PUBLISHED)])
        parts["demand_class"].append(np.repeat(points.demand_class[level].astype(object), HORIZON))
        parts["method"].append(np.repeat(points.method[level], HORIZON))
        said = reasons_of(panel, histories, points.histories["category"])
        for series in range(len(histories)):
            for factor in points.ahead[level][series]:
                for found, one in zip(reasons, said.of_week(series, float(factor)), strict=True):
                    found.append(one)
    return DemandForecast(**{name: np.concatenate(values) for name, values in parts.items()}, reasons=reasons)
