"""Training: methods compete on rolling origins, and the bands are how far outcomes lay from the winners' forecasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from nightmarket.modeling.sales.history import WEEKS_AHEAD, Doubles, SalesHistory
from nightmarket.modeling.sales.levels import FALLBACK, METHODS, SHORTEST, forecast_level
from nightmarket.modeling.sales.project import Ground, prepare, project
from nightmarket.modeling.sales.recipe import BLOCKS, GROUPS, QUANTILES, TOTAL, SalesModel

N_ORIGINS = 12
"""Origins, a week apart, on which methods are compared."""
MIN_WEEKS = 12
"""Weeks of history from which methods are compared; with less there is the mean of 4 weeks alone."""
_BEHIND = 8
"""Weeks that an origin needs behind it."""
_MARGIN = 0.95
"""How much better than the mean of 4 weeks a method must be to be taken. Twelve overlapping origins tell little less
apart: on The Complete Journey, origins from 2017-06-12 to 2017-09-04, the category WAPE of weeks was .1691 with the
lowest error chosen, .1671 with a margin of 2 % and .1657 with one of 5 %."""
_GROUPS_OF = {"damped trend": (TOTAL, "A"), "exponential smoothing": (TOTAL, "A", "B")}
"""Where a method competes, if not everywhere: `statsforecast` is called once a series, and small ones are many."""
_MIN_RESIDUALS = 20
_RESIDUALS_A_FREEDOM = 4
"""Residuals of one origin resemble each other: so many of the total count as one."""


@dataclass(frozen=True)
class _Origin:
    """A past origin: what forecasts stand on, and the days that came (k, d), as the cut-off knows them."""

    ground: Ground
    came: Doubles

    @property
    def weeks(self) -> Doubles:
        return _weekly(self.came)


def train_sales(
    history_at: Callable[[date], SalesHistory], cut_off: date, *, say: Callable[[str], None] = lambda _: None
) -> SalesModel:
    """Choose the methods, and measure the bands, on what was known at ``cut_off``.

    Parameters
    ----------
    history_at : what was known at an earlier origin
    """
    newest = history_at(cut_off)
    behind = _BEHIND if newest.n_weeks >= MIN_WEEKS else 2
    ago = range(1, min(N_ORIGINS, newest.n_weeks - behind) + 1)
    origins = [_origin(history_at(cut_off - timedelta(days=7 * weeks)), newest, weeks) for weeks in ago]
    if not origins:
        return SalesModel(evaluation={"n_origins": 0, "n_weeks": newest.n_weeks})
    methods, errors = _choose(origins, newest.n_weeks)
    wrong = {scaled: _wrong(origins, methods, is_scaled=scaled) for scaled in (False, True)}
    # In shares of what was sold, so that the total and the categories count alike.
    is_scaled = sum(wrong[True].values()) < sum(wrong[False].values())
    say("sales: " + ", ".join(f"{group} {method}" for group, method in methods.items()))
    evaluation = {
        "n_origins": len(origins),
        "n_weeks": newest.n_weeks,
        "wape": {level: round(value, 5) for level, value in wrong[is_scaled].items()},
        "wape_of_methods": errors,
    }
    return SalesModel(methods, is_scaled, _bands(origins, methods, is_scaled=is_scaled), evaluation)


def _origin(history: SalesHistory, newest: SalesHistory, weeks: int) -> _Origin:
    days = min(7 * weeks, 7 * WEEKS_AHEAD)
    start = newest.amounts.shape[1] - 7 * weeks
    position = {name: row for row, name in enumerate(newest.category_ids)}
    came = np.zeros((len(history.category_ids), days))
    for row, name in enumerate(history.category_ids):
        if name in position:  # its last line may have been cancelled since
            came[row] = newest.amounts[position[name], start : start + days]
    return _Origin(prepare(history), came)


def _choose(origins: Sequence[_Origin], n_weeks: int) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """Return the method of every group, and the WAPE of all that competed."""
    methods, errors = {}, {}
    shortest = min(one.ground.weekly.shape[1] for one in origins)
    for group in (TOTAL, *GROUPS):
        names = [
            name
            for name in (METHODS if n_weeks >= MIN_WEEKS else (FALLBACK,))
            if SHORTEST.get(name, 1) <= shortest and group in _GROUPS_OF.get(name, (group,))
        ]
        found = {name: _error_of(origins, group, name) for name in names}
        errors[group] = {name: round(error, 5) for name, error in found.items()}
        methods[group] = min(names, key=lambda name: found[name] if name == FALLBACK else found[name] / _MARGIN)
    return methods, errors


def _error_of(origins: Sequence[_Origin], group: str, method: str) -> float:
    """Return the WAPE of the weekly level; what closed days took away is no error of the level."""
    wrong = sold = 0.0
    for one in origins:
        rows = np.flatnonzero(one.ground.groups == group) if group != TOTAL else np.arange(len(one.came))
        weekly, came = one.ground.weekly[rows], one.weeks[rows]
        ahead = _weekly(one.ground.days(np.ones((len(one.came), WEEKS_AHEAD))))[rows]
        if group == TOTAL:
            size = weekly.sum(axis=1)
            ahead = (size @ ahead / max(float(size.sum()), 1e-9))[None]
            weekly, came = weekly.sum(axis=0)[None], came.sum(axis=0)[None]
        level = (forecast_level(method, weekly) * ahead)[:, : came.shape[1]]
        wrong += float(np.abs(level - came).sum())
        sold += float(np.abs(came).sum())
    return wrong / max(sold, 1e-9)


def _wrong(origins: Sequence[_Origin], methods: Mapping[str, str], *, is_scaled: bool) -> dict[str, float]:
    wrong, sold = {"category": 0.0, TOTAL: 0.0}, 0.0
    for one in origins:
        weeks = _weekly(project(one.ground, methods, is_scaled=is_scaled))[:, : one.weeks.shape[1]]
        wrong["category"] += float(np.abs(weeks - one.weeks).sum())
        wrong[TOTAL] += float(np.abs(weeks.sum(axis=0) - one.weeks.sum(axis=0)).sum())
        sold += float(np.abs(one.weeks).sum())
    return {level: value / max(sold, 1e-9) for level, value in wrong.items()}


def _bands(origins: Sequence[_Origin], methods: Mapping[str, str], *, is_scaled: bool) -> dict[str, tuple[float, ...]]:
    """Return outcome over forecast at QUANTILES by grain, group and block of weeks; pooled where there are few."""
    ratios: dict[str, list[Doubles]] = {}
    for one in origins:
        days = project(one.ground, methods, is_scaled=is_scaled)[:, : one.came.shape[1]]
        for group in (TOTAL, *GROUPS):
            rows = np.flatnonzero(one.ground.groups == group) if group != TOTAL else np.arange(len(days))
            made, came = days[rows], one.came[rows]
            if group == TOTAL:
                made, came = made.sum(axis=0)[None], came.sum(axis=0)[None]
            for grain, size in (("day", 7), ("week", 1)):
                pair = (made, came) if grain == "day" else (_weekly(made), _weekly(came))
                for block, (start, end) in enumerate(BLOCKS):
                    found = _ratios(*(values[:, start * size : end * size] for values in pair))
                    for name in (f"{grain}/{group}/{block}", f"{grain}/{group}", grain):
                        ratios.setdefault(name, []).append(found)
    pooled = {name: np.concatenate(found) for name, found in ratios.items()}
    bands: dict[str, tuple[float, ...]] = {}
    for name in (one for one in pooled if one.count("/") == 2):
        parents = (name, name.rpartition("/")[0], name.partition("/")[0])
        known: Any = next((pooled[one] for one in parents if len(pooled[one]) >= _MIN_RESIDUALS), None)
        if known is not None:
            # The total is one series at overlapping origins: its few residuals resemble each other.
            few = name.split("/")[1] == TOTAL
            at = _student(known) if few else np.quantile(known, QUANTILES, method="median_unbiased")
            bands[name] = tuple(round(float(value), 6) for value in np.maximum.accumulate(np.maximum(at, 0)))
    return bands


def _student(ratios: Doubles) -> Doubles:
    """Return Student's quantiles around no error, as wide as the few ratios are off 1."""
    from scipy.stats import t

    spread = float(np.sqrt(np.mean((ratios - 1) ** 2) * (1 + 1 / len(ratios))))
    return np.asarray(1 + spread * t.ppf(QUANTILES, max(3, len(ratios) // _RESIDUALS_A_FREEDOM)))


def _ratios(made: Doubles, came: Doubles) -> Doubles:
    known = made > 0
    return np.asarray(came[known] / made[known])


def _weekly(days: Doubles) -> Doubles:
    return np.asarray(days.reshape(len(days), days.shape[1] // 7, 7).sum(axis=2))
