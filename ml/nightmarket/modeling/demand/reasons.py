"""Three reasons in plain words for every forecast series, from what its features say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.panel import Panel

_NOTABLE = 0.05
"""A group that moved by less than 5 % is no reason."""


@dataclass(frozen=True)
class Reasons:
    """Three aligned lists, one entry a series; '' where there is nothing more to say."""

    first: list[str]
    second: list[str]
    third: list[str]

    def of_week(self, series: int, factor: float) -> tuple[str, str, str]:
        """Return the reasons of one week, which by season and calendar sells ``factor`` times an ordinary one's."""
        first, second, third = self.first[series], self.second[series], self.third[series]
        percent = round(100 * (factor - 1))
        if abs(percent) < 100 * _NOTABLE:
            return first, second, third
        return first, f"the time of year {'adds' if percent > 0 else 'takes'} {abs(percent)} %", second


def reasons_of(panel: Panel, histories: Histories, groups: Histories) -> Reasons:
    """Return the reasons of one level: what sold lately, then what is most notable beside it."""
    filled = histories.filled
    recent, before = filled[:, -4:], filled[:, -8:-4]
    n_weeks = recent.shape[1]
    mean = recent.sum(axis=1) / np.maximum(np.minimum(histories.age, 4), 1)
    long = filled[:, -13:].sum(axis=1) / np.maximum(np.minimum(histories.age, 13), 1)
    moves = _moves(groups)
    whole = _move(groups.filled.sum(axis=0))
    since = np.where(filled > 0, np.arange(filled.shape[1]), -1).max(axis=1)
    quiet = filled.shape[1] - 1 - since
    ahead = np.zeros(len(histories)) if histories.level != "product" else panel.promoted_ahead[histories.rows, 0]
    lists: tuple[list[str], list[str], list[str]] = ([], [], [])
    for row in range(len(histories)):
        said = [_sold(float(mean[row]), min(int(histories.age[row]), n_weeks), int(quiet[row]), float(long[row]))]
        if ahead[row] > 0:
            said.append("on promotion next week")
        if histories.age[row] < 8:
            said.append(f"first sold {_weeks(int(histories.age[row]))} ago")
        own = _percent(float(recent[row].mean()), float(before[row].mean())) if before.shape[1] == 4 else 0
        if own and histories.age[row] >= 8:
            said.append(f"{_direction(own)} on the 4 weeks before")
        if histories.level == "product":
            move = moves.get(int(histories.group[row]), 0)
            if move:
                said.append(f"category {_direction(move)} on the 4 weeks before")
        if histories.level != "total" and whole:
            said.append(f"the whole shop {_direction(whole)} on the 4 weeks before")
        for place, one in enumerate(lists):
            one.append(said[place] if place < len(said) else "")
    return Reasons(*lists)


def _sold(mean: float, n_weeks: int, quiet: int, long: float) -> str:
    weeks = "over the last 4 weeks" if n_weeks >= 4 else f"in {_weeks(n_weeks)}"
    if mean >= 10:
        return f"sold {mean:,.0f} a week {weeks}"
    if mean > 0:
        return f"sold {mean:.1f} a week {weeks}" if mean >= 1 else f"sold {mean * 4:.0f} in the last 4 weeks"
    return f"not sold for {_weeks(quiet)}, {long * 13:.0f} in the last 13"


def _weeks(n: int) -> str:
    return "1 week" if n == 1 else f"{n} weeks"


def _moves(groups: Histories) -> dict[int, int]:
    found = {int(row): _move(series) for row, series in zip(groups.rows, groups.filled, strict=True)}
    return {row: move for row, move in found.items() if move}


def _move(series: np.ndarray) -> int:
    return _percent(float(series[-4:].mean()), float(series[-8:-4].mean())) if len(series) >= 8 else 0


def _percent(now: float, before: float) -> int:
    change = now / before - 1 if before > 0 else 0.0
    return round(100 * change) if abs(change) >= _NOTABLE else 0


def _direction(percent: int) -> str:
    return f"up {percent} %" if percent > 0 else f"down {-percent} %"
