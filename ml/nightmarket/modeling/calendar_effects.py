"""What the calendar does to a shop's weeks: the season, the turn of the month, and the days that people shop for.

A week is measured against the weeks around it, the shop as a whole first and then each category against the shop. What
repeats in the first days of every month, or before every day of one kind (Easter, Thanksgiving and Christmas are days
on which a family eats), is expected of the next; so a first Thanksgiving is met with what Easter taught.

The trend is taken off both sides by the same smoother (a partial spline: Speckman, "Kernel smoothing in partial linear
models", Journal of the Royal Statistical Society B 50 (1988)); how far categories may differ from the shop is
estimated from all of them (empirical Bayes: Morris, "Parametric empirical Bayes inference", Journal of the American
Statistical Association 78 (1983)), so a category whose weeks are mostly noise follows the shop.

A season of its own takes years to learn; the length of the day takes half of one. Autumn has the days of spring, so
what a category sold more of as days grew longer, against the shop, is expected to fall as they grow shorter. The
category says how much and in which direction, which is why neither hemisphere nor latitude is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

MONTH_DAYS = ((1, 5), (6, 10))
"""Days of the month that are told from the others: where wages and benefits are paid by the month."""
PREPARATION_DAYS = 7
"""A holiday is shopped for on the day itself and the six before it."""
MIN_WEEKS, MAX_WEEKS = 13, 104
"""A quarter: with less, a month's turn is no more than two or three weeks of noise."""
MIN_WEEKS_OF_SEASON = 20
"""Half a year: with less, days only grew longer or shorter, and a season cannot be told from a trend."""
_SOLSTICE, _YEAR = np.datetime64("2017-06-21"), 365.2425
_BANDWIDTH = 6
"""Weeks to each side that a week is measured against."""
_OPEN = 0.2
"""A week that sold less than this part of the median was mostly closed: nothing is learned from it."""
_SHOP_PRIOR = 0.1
"""Standard deviation of the shop's effects before any is seen: a tenth, as a factor."""
_MIN_SOLD = 5.0
"""Units or money a week from which a category's logarithm tells enough to estimate by."""
_ROUNDS = 60
_TAILS_OF_SEASON = 2.0
"""Most categories sell alike all year and a few, corn or ice cream, do not: a normal prior would pull those in, too."""
_LEAST, _MOST = 0.05, 20.0
"""What sells twenty times as much in summer as in winter is as good as not sold then, and its level a guess."""


@dataclass(frozen=True, order=True)
class Holiday:
    """A day that people shop for. Days of one kind move demand alike: what one taught is expected of the next."""

    day: date
    kind: str


@dataclass(frozen=True)
class Calendar:
    """What is known of n days or weeks, past or to come.

    Attributes
    ----------
    events : (n, k) share of a period's days in the first days of a month, and before holidays of each kind
    light : (n,) how much longer its days are than those at the origin; from the shortest to the longest day it rises
        by 2
    """

    events: Doubles
    light: Doubles

    def __len__(self) -> int:
        return len(self.light)

    def weeks(self) -> Calendar:
        """Return the weeks of days, whose number is a multiple of 7."""
        k = self.events.shape[1]
        return Calendar(self.events.reshape(-1, 7, k).mean(axis=1), self.light.reshape(-1, 7).mean(axis=1))

    def take(self, kept: slice | NDArray[np.int64]) -> Calendar:
        return Calendar(self.events[kept], self.light[kept])


@dataclass(frozen=True)
class CalendarEffects:
    """Logarithms of factors: of events the shop's (k,) and each category's (m, k), of light each category's (m,)."""

    shop: Doubles
    categories: Doubles
    season: Doubles

    def factors(self, calendar: Calendar) -> Doubles:
        """Return how many times an ordinary period at the origin each of n periods sells, (m + 1, n).

        The last row is the shop's, which has no season of its own.
        """
        events = np.vstack([self.categories, self.shop]) @ calendar.events.T
        made = np.exp(events + np.outer(np.append(self.season, 0), calendar.light))
        # Sums of doubles hang on the machine in their last bits, and trees are grown on what comes of this.
        return np.asarray(np.round(np.clip(made, _LEAST, _MOST), 6), np.float64)


def read_calendar(first: date, n_days: int, holidays: Sequence[Holiday], *, origin: date) -> Calendar:
    """Return the calendar of every day from ``first`` on; a day's events are 0 or 1."""
    days = np.datetime64(first, "D") + np.arange(n_days)
    of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    columns = [(of_month >= start) & (of_month <= end) for start, end in MONTH_DAYS]
    for kind in sorted({holiday.kind for holiday in holidays}):
        dates = np.asarray([one.day for one in holidays if one.kind == kind], "datetime64[D]")
        until = (dates[None] - days[:, None]).astype(np.int64)
        columns.append(((until >= 0) & (until < PREPARATION_DAYS)).any(axis=1))
    light = _light(days) - _light(np.asarray([origin], "datetime64[D]"))
    return Calendar(np.column_stack(columns).astype(np.float64), light)


def _light(days: NDArray[np.datetime64]) -> Doubles:
    """Return the length of the day, from -1 on the shortest to 1 on the longest (of the northern hemisphere)."""
    return np.asarray(np.cos(2 * np.pi * (days - _SOLSTICE).astype(np.float64) / _YEAR), np.float64)


def estimate_effects(weekly: Doubles, calendar: Calendar) -> CalendarEffects:
    """Estimate from what each category sold in each week.

    Parameters
    ----------
    weekly : (m, W) units or money; the shop is their sum
    calendar : of the W weeks

    Returns
    -------
    CalendarEffects
        All 0 where there are fewer than 13 weeks in which the shop was open; no season where there are fewer than 26.
    """
    n_categories, k = len(weekly), calendar.events.shape[1]
    sold = np.maximum(weekly, 0)
    whole = sold.sum(axis=0)
    used = np.flatnonzero(whole > _OPEN * np.median(whole))[-MAX_WEEKS:]
    differ = np.zeros((n_categories, k))
    if len(used) < MIN_WEEKS:
        return CalendarEffects(np.zeros(k), differ, np.zeros(n_categories))
    sold, whole, calendar = sold[:, used], whole[used], calendar.take(used)
    detrend = np.eye(len(used)) - _smoother(used.astype(np.float64))
    design, freedom = detrend @ calendar.events, float(np.trace(detrend))
    shop = _shop_effects(detrend @ np.log(whole), design, freedom)
    mean = sold.mean(axis=1)
    known = np.flatnonzero(mean > _MIN_SOLD)
    season = np.zeros(n_categories)
    if len(known) >= 2:
        own, weight = np.log((sold[known] + 1) / (whole + 1)), np.sqrt(mean[known])
        differ[known] = _category_effects(own @ detrend.T, design, weight, freedom)
        if len(used) >= MIN_WEEKS_OF_SEASON:
            ordinary = own - differ[known] @ calendar.events.T
            ordinary -= ordinary.mean(axis=1, keepdims=True)
            light = (calendar.light - calendar.light.mean())[:, None]
            season[known] = _category_effects(ordinary, light, weight, len(used) - 2, tails=_TAILS_OF_SEASON)[:, 0]
    return CalendarEffects(shop, shop + differ, season)


def _shop_effects(off: Doubles, design: Doubles, freedom: float) -> Doubles:
    gram, noise = design.T @ design, 1e-3
    prior = np.eye(len(gram)) / _SHOP_PRIOR**2
    effects: Doubles = np.zeros(len(gram))
    for _ in range(_ROUNDS):
        effects = np.asarray(np.linalg.solve(gram / noise + prior, design.T @ off / noise), np.float64)
        noise = max(float(((off - design @ effects) ** 2).sum()) / freedom, 1e-5)
    return effects


def _category_effects(
    off: Doubles, design: Doubles, weight: Doubles, freedom: float, *, tails: float = np.inf
) -> Doubles:
    """Return m categories' differences from the shop by EM, (m, k).

    ``tails`` are the degrees of freedom of the prior, which is Student's: normal where they are infinite.
    """
    gram = design.T @ design
    scale = np.full(len(gram), 0.05**2)
    tightness = np.ones((len(off), len(gram)))
    noise = (off**2).mean(axis=1) + 1e-4
    effects = np.zeros((len(off), len(gram)))
    for _ in range(_ROUNDS):
        prior = (tightness / scale)[:, :, None] * np.eye(len(gram))
        spread = np.linalg.inv(gram / noise[:, None, None] + prior)
        effects = np.einsum("mij,mj->mi", spread, off @ design / noise[:, None])
        wrong = ((off - effects @ design.T) ** 2).sum(axis=1) + np.einsum("ij,mji->m", gram, spread)
        noise = wrong / freedom + 1e-4
        second = effects**2 + np.diagonal(spread, axis1=1, axis2=2)
        if np.isfinite(tails):
            tightness = (tails + 1) / (tails + second / scale)
        scale = np.maximum(np.average(tightness * second, axis=0, weights=weight), 1e-5)
    return np.asarray(effects, np.float64)


def _smoother(week: Doubles) -> Doubles:
    """Return the matrix of local lines under an Epanechnikov kernel, (n, n); nearly level at both ends."""
    n = len(week)
    rows = np.zeros((n, n))
    for place, at in enumerate(week):
        ago = week - at
        kernel = np.maximum(1 - (ago / _BANDWIDTH) ** 2, 0)
        line = np.column_stack([np.ones(n), ago])
        is_end = place < _BANDWIDTH // 2 or place >= n - _BANDWIDTH // 2
        ridge = np.diag([0, 5.0 * _BANDWIDTH if is_end else 1e-3])
        weighted = line * kernel[:, None]
        rows[place] = np.linalg.solve(weighted.T @ line + ridge, weighted.T)[0]
    return rows
