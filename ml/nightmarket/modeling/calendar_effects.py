"""What the calendar does to a shop's weeks: the turn of the month, and the days that people shop for.

A week is measured against the weeks around it, the shop as a whole first and then each category against the shop. What
repeats in the first days of every month, or before every day of one kind (Easter, Thanksgiving and Christmas are days
on which a family eats), is expected of the next; so a first Thanksgiving is met with what Easter taught.

The trend is taken off both sides by the same smoother (a partial spline: Speckman, "Kernel smoothing in partial linear
models", Journal of the Royal Statistical Society B 50 (1988)); how far categories may differ from the shop is
estimated from all of them (empirical Bayes: Morris, "Parametric empirical Bayes inference", Journal of the American
Statistical Association 78 (1983)), so a category whose weeks are mostly noise follows the shop.
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
_BANDWIDTH = 6
"""Weeks to each side that a week is measured against."""
_OPEN = 0.2
"""A week that sold less than this part of the median was mostly closed: nothing is learned from it."""
_SHOP_PRIOR = 0.1
"""Standard deviation of the shop's effects before any is seen: a tenth, as a factor."""
_MIN_SOLD = 5.0
"""Units or money a week from which a category's logarithm tells enough to estimate by."""
_ROUNDS = 20
_LEAST, _MOST = 0.25, 4.0


@dataclass(frozen=True, order=True)
class Holiday:
    """A day that people shop for. Days of one kind move demand alike: what one taught is expected of the next."""

    day: date
    kind: str


@dataclass(frozen=True)
class CalendarEffects:
    """Logarithms of factors by what the calendar tells apart: the shop's (k,), and each category's (m, k)."""

    shop: Doubles
    categories: Doubles

    def factors(self, exposures: Doubles) -> Doubles:
        """Return how many times an ordinary period each one sells, (m + 1, n), for ``exposures`` (n, k).

        The last row is the shop's.
        """
        made = np.exp(np.vstack([self.categories, self.shop]) @ exposures.T)
        # Sums of doubles hang on the machine in their last bits, and trees are grown on what comes of this.
        return np.asarray(np.round(np.clip(made, _LEAST, _MOST), 6), np.float64)


def expose_days(first: date, n_days: int, holidays: Sequence[Holiday]) -> Doubles:
    """Return what the calendar tells apart, 0 or 1, of every day from ``first`` on, (n_days, k)."""
    days = np.datetime64(first, "D") + np.arange(n_days)
    of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    columns = [(of_month >= start) & (of_month <= end) for start, end in MONTH_DAYS]
    for kind in sorted({holiday.kind for holiday in holidays}):
        dates = np.asarray([one.day for one in holidays if one.kind == kind], "datetime64[D]")
        until = (dates[None] - days[:, None]).astype(np.int64)
        columns.append(((until >= 0) & (until < PREPARATION_DAYS)).any(axis=1))
    return np.column_stack(columns).astype(np.float64)


def shares_of_weeks(days: Doubles) -> Doubles:
    """Return the share of each week's days, (n_days / 7, k)."""
    return np.asarray(days.reshape(-1, 7, days.shape[1]).mean(axis=1), np.float64)


def estimate_effects(weekly: Doubles, exposures: Doubles) -> CalendarEffects:
    """Estimate from what each category sold in each week.

    Parameters
    ----------
    weekly : (m, W) units or money; the shop is their sum
    exposures : (W, k) shares of each week's days

    Returns
    -------
    CalendarEffects
        All 0 where there are fewer than 13 weeks in which the shop was open.
    """
    n_categories, k = len(weekly), exposures.shape[1]
    sold = np.maximum(weekly, 0)
    whole = sold.sum(axis=0)
    used = np.flatnonzero(whole > _OPEN * np.median(whole))[-MAX_WEEKS:]
    differ = np.zeros((n_categories, k))
    if len(used) < MIN_WEEKS:
        return CalendarEffects(np.zeros(k), differ)
    sold, whole = sold[:, used], whole[used]
    detrend = np.eye(len(used)) - _smoother(used.astype(np.float64))
    design, freedom = detrend @ exposures[used], float(np.trace(detrend))
    shop = _shop_effects(detrend @ np.log(whole), design, freedom)
    mean = sold.mean(axis=1)
    known = np.flatnonzero(mean > _MIN_SOLD)
    if len(known) >= 2:
        own = np.log((sold[known] + 1) / (whole + 1)) @ detrend.T
        differ[known] = _category_effects(own, design, np.sqrt(mean[known]), freedom)
    return CalendarEffects(shop, shop + differ)


def _shop_effects(off: Doubles, design: Doubles, freedom: float) -> Doubles:
    gram, noise = design.T @ design, 1e-3
    prior = np.eye(len(gram)) / _SHOP_PRIOR**2
    effects: Doubles = np.zeros(len(gram))
    for _ in range(_ROUNDS):
        effects = np.asarray(np.linalg.solve(gram / noise + prior, design.T @ off / noise), np.float64)
        noise = max(float(((off - design @ effects) ** 2).sum()) / freedom, 1e-5)
    return effects


def _category_effects(off: Doubles, design: Doubles, weight: Doubles, freedom: float) -> Doubles:
    """Return the posterior means of m categories' differences by EM, (m, k)."""
    gram = design.T @ design
    between = np.full(len(gram), 0.05**2)
    noise = (off**2).mean(axis=1) + 1e-4
    effects = np.zeros((len(off), len(gram)))
    for _ in range(_ROUNDS):
        spread = np.linalg.inv(gram / noise[:, None, None] + np.diag(1 / between))
        effects = np.einsum("mij,mj->mi", spread, off @ design / noise[:, None])
        wrong = ((off - effects @ design.T) ** 2).sum(axis=1) + np.einsum("ij,mji->m", gram, spread)
        noise = wrong / freedom + 1e-4
        second = effects**2 + np.diagonal(spread, axis1=1, axis2=2)
        between = np.maximum(np.average(second, axis=0, weights=weight), 1e-5)
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
