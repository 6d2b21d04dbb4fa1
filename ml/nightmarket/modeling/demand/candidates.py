"""The methods that compete for each level and demand class, and the choice between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.baselines import BASELINES, YEAR, forecast_baseline
from nightmarket.modeling.demand.classes import CLASSES, REGULAR
from nightmarket.modeling.demand.features import Features
from nightmarket.modeling.demand.histories import LEVELS, Histories, Level
from nightmarket.modeling.demand.panel import HORIZON, Doubles
from nightmarket.modeling.demand.trees import MEAN, MEDIAN, Trees

LOCAL_LEVEL = "local level"
TOTAL_METHOD = "mean of 4 weeks + mean of 13 weeks"
PLUS = " + "
"""Between the methods whose mean is taken."""
BY_HAND = " by hand"
"""After a baseline that is made of the weeks as they were sold, the calendar in them."""
BIAS_WEIGHT = 0.1
"""How much a unit of bias counts beside a unit of error where methods are compared."""
ALLOWANCE = 0.97
"""What the trees' errors are multiplied by: in the tournament they know 12 weeks less than in the night."""
FEW = 0.03
"""A class with a smaller share of its level's units has too few to choose by: it follows the whole level."""
SHORT = ("mean of 4 weeks", LOCAL_LEVEL)
LONG_MEMORY = ("croston", "sba", "mean of 13 weeks", "seasonal naive")
"""Methods that a class with few units does not take from the others: such series come and go with a season."""
FALLBACK = "mean of 8 weeks (no history to compare methods on)"
SERIES_BY_SERIES = ("exponential smoothing",)
"""Methods that call `statsforecast` once a series: too slow for all products, whose local level is one by itself."""
SUM_OF_CATEGORIES = "sum of categories"


@dataclass(frozen=True)
class Choice:
    """The method of every level and class.

    Attributes
    ----------
    methods : by 'level/class'
    why : by 'level/class', the WAPE plus a tenth of the absolute bias of every candidate
    """

    methods: Mapping[str, str]
    why: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def method(self, level: str, demand_class: str) -> str:
        return self.methods.get(f"{level}/{demand_class}", FALLBACK)

    def to_json(self) -> dict[str, Any]:
        return {"methods": dict(self.methods), "why": {key: dict(values) for key, values in self.why.items()}}


@dataclass
class Candidates:
    """Forecasts of one level at one origin, each made when it is first asked for.

    Attributes
    ----------
    histories : the series as they were sold
    ordinary : the series without what the calendar did, which the methods forecast
    features : of ``ordinary``
    ahead : (m, 8) how many times an ordinary week's units each week ahead sells
    """

    histories: Histories
    ordinary: Histories
    features: Features
    ahead: Doubles
    boosters: Mapping[str, Trees]
    _made: dict[str, Doubles] = field(default_factory=dict)

    def forecast(self, method: str) -> Doubles:
        """Return the forecast of a method, or the mean of the methods that ' + ' joins, (m, 8)."""
        parts = [self._one(name) for name in method.split(PLUS)]
        return np.asarray(np.mean(parts, axis=0), np.float64)

    def chosen(self, choice: Choice) -> tuple[Doubles, NDArray[np.object_]]:
        """Return every series' forecast by its class's method, and the methods' names, (m,)."""
        units = np.zeros((len(self.histories), HORIZON))
        methods = np.full(len(self.histories), "", object)
        classes = self.features.rhythm.demand_class
        for one in np.unique(classes):
            rows = np.flatnonzero(classes == one)
            method = choice.method(self.histories.level, str(one))
            units[rows] = self._some(method, rows)
            methods[rows] = method
        return units, methods

    def _some(self, method: str, rows: NDArray[np.int64]) -> Doubles:
        if all(name in self._made for name in method.split(PLUS)):
            return self.forecast(method)[rows]
        some = Candidates(
            self.histories.take(rows),
            self.ordinary.take(rows),
            self.features.take(rows),
            self.ahead[rows],
            self.boosters,
        )
        return some.forecast(method)

    def _one(self, name: str) -> Doubles:
        if name not in self._made:
            is_by_hand = name.endswith(BY_HAND)
            self._made[name] = self._make(name) if is_by_hand else self._make(name) * self.ahead
        return self._made[name]

    def _make(self, name: str) -> Doubles:
        if name == LOCAL_LEVEL:
            return np.repeat(self.features.level[:, None], HORIZON, axis=1)
        if name in self.boosters:
            return self.boosters[name].predict(self.features)
        if name.endswith(BY_HAND):
            return forecast_baseline(name.removesuffix(BY_HAND), self.histories)
        return forecast_baseline(name, self.ordinary)


def methods_for(level: Level, demand_class: str, *, n_weeks: int, trees: Sequence[str]) -> tuple[str, ...]:
    """Return the methods and means of methods that compete for a class; ``trees`` are the boosters there are.

    The median competes only as a part of a mean, and only where a series sells in most weeks: elsewhere it is 0, and
    the sum of many medians is far below the sum of the demand.
    """
    singles = [name for name in BASELINES if name != "seasonal naive" or n_weeks >= YEAR + HORIZON]
    if level == "product":
        singles = [name for name in singles if name not in SERIES_BY_SERIES]
    if level == "total":
        # One series at three origins: what wins there is luck, so a short and a long mean share the forecast.
        return (TOTAL_METHOD,)
    if level == "category" and {MEAN, MEDIAN} <= set(trees):
        # Ten methods on three origins: what wins a class is luck. The median is nearer to a single week and too low
        # to be added up, the mean the other way round; with them go two levels that no tree has touched.
        return (PLUS.join([MEAN, MEDIAN, *SHORT]),)
    singles.append(LOCAL_LEVEL)
    if MEAN in trees:
        singles += [MEAN, MEAN + PLUS + LOCAL_LEVEL]
    if MEDIAN in trees and demand_class in REGULAR:
        singles.append(MEDIAN + PLUS + (MEAN if MEAN in trees else PLUS.join(SHORT)))
    return tuple(singles)


def choose(
    tested: Mapping[Level, Sequence[tuple[Candidates, Doubles]]], methods: Mapping[tuple[Level, str], Sequence[str]]
) -> Choice:
    """Choose for every level and class by the lowest WAPE plus a tenth of the absolute bias over all tested origins.

    A forecast near the median is rarely far off, but too low on average for demand with peaks, and a shelf filled by
    it is empty too often; WAPE alone would choose it.

    Parameters
    ----------
    tested : by level, the candidates of each origin and what was sold, (m, 8) with NaN where unknown
    """
    chosen: dict[str, str] = {}
    why: dict[str, dict[str, float]] = {}
    for level in LEVELS:
        tallies = {one: _tally(tested[level], methods[level, one], one) for one in CLASSES}
        everything = sum(tally.sold for tally in tallies.values())
        if everything <= 0:
            continue
        common = [
            method
            for method in methods[level, "new"]
            if method not in LONG_MEMORY and all(method in tally.score for tally in tallies.values())
        ]
        overall = min(common, key=lambda method: (sum(tally.score[method] for tally in tallies.values()), method))
        for one, tally in tallies.items():
            key = f"{level}/{one}"
            chosen[key] = overall
            if tally.sold >= FEW * everything:
                chosen[key] = min(tally.score, key=lambda method: (tally.score[method], method))
                why[key] = {method: round(score / tally.sold, 5) for method, score in tally.score.items()}
    return Choice(chosen, why)


@dataclass(frozen=True)
class _Tally:
    """Units sold by a class over all tested origins, and by method the units it was wrong by, bias counted in."""

    sold: float
    score: Mapping[str, float]


def _tally(tested: Sequence[tuple[Candidates, Doubles]], methods: Sequence[str], demand_class: str) -> _Tally:
    wrong, signed, sold = dict.fromkeys(methods, 0.0), dict.fromkeys(methods, 0.0), 0.0
    for candidates, outcome in tested:
        rows = candidates.features.rhythm.demand_class == demand_class
        if not rows.any():
            continue
        known = np.isfinite(outcome[rows])
        sold += float(np.where(known, outcome[rows], 0).sum())
        for method in methods:
            difference = (candidates.forecast(method)[rows] - outcome[rows])[known]
            allowance = ALLOWANCE if MEAN in method or MEDIAN in method else 1.0
            wrong[method] += allowance * float(np.abs(difference).sum())
            signed[method] += float(difference.sum())
    return _Tally(sold, {method: wrong[method] + BIAS_WEIGHT * abs(signed[method]) for method in methods})
