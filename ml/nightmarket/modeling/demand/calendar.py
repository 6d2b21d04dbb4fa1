"""What the calendar does to demand: the turn of the month, and the days that people shop for.

A week is measured against the weeks around it, the shop as a whole first and then each category against the shop. What
repeats in the first days of every month, or before every day of one kind (Easter, Thanksgiving and Christmas are days
on which a family eats), is expected of the next; so a first Thanksgiving is met with what Easter taught. Methods
forecast what is left when this is taken off, and it is put back on the weeks ahead.

The trend is taken off both sides by the same smoother (a partial spline: Speckman, "Kernel smoothing in partial linear
models", Journal of the Royal Statistical Society B 50 (1988)); how far categories may differ from the shop is
estimated from all of them (empirical Bayes: Morris, "Parametric empirical Bayes inference", Journal of the American
Statistical Association 78 (1983)), so a category whose weeks are mostly noise follows the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories, Level
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel

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
_MIN_UNITS = 5.0
"""Units a week from which a category's logarithm tells enough to estimate by."""
_ROUNDS = 20
_LEAST, _MOST = 0.25, 4.0


def take_calendar_off(
    panel: Panel, histories: Mapping[Level, Histories]
) -> tuple[dict[Level, Histories], dict[Level, Doubles]]:
    """Return every level's series as ordinary weeks would have sold, and the factors of the weeks ahead, (m, 8)."""
    factors = calendar_factors(panel, histories["category"], histories["total"])
    # A product without a category is in group -1: the last row, which is the shop's.
    rows = {
        "product": factors[histories["product"].group],
        "category": factors[histories["category"].rows],
        "total": factors[-1:],
    }
    n_weeks = panel.n_weeks
    return (
        {level: one.over(rows[level][:, :n_weeks]) for level, one in histories.items()},
        {level: rows[level][:, n_weeks:] for level in histories},
    )


def calendar_factors(panel: Panel, groups: Histories, total: Histories) -> Doubles:
    """Return how many times an ordinary week's units each week sells, (c + 1, W + 8).

    Row i is the panel's i-th category and the last row the shop, for products without a category. The first W columns
    are the panel's weeks, the others the weeks ahead. All are 1 where there are fewer than 13 weeks.
    """
    n_weeks = panel.n_weeks
    factors = np.ones((len(panel.category_ids) + 1, n_weeks + HORIZON))
    weekly = total.filled[0]
    used = np.flatnonzero(weekly > _OPEN * np.median(weekly))[-MAX_WEEKS:]
    if len(used) < MIN_WEEKS:
        return factors
    exposures = calendar_exposures(panel)
    shop, categories = _estimate(groups.filled[:, used], weekly[used], exposures[used], used)
    factors[:] = np.exp(exposures @ shop)
    factors[groups.rows] = np.exp((shop + categories) @ exposures.T)
    # Sums of doubles hang on the machine in their last bits, and trees are grown on what comes of this.
    return np.asarray(np.round(np.clip(factors, _LEAST, _MOST), 6), np.float64)


def calendar_exposures(panel: Panel) -> Doubles:
    """Return the shares of each week's days that the calendar tells apart, (W + 8, k), the weeks ahead last."""
    first = panel.as_of_date - timedelta(days=7 * panel.n_weeks)
    days = np.datetime64(first, "D") + np.arange(7 * (panel.n_weeks + HORIZON))
    of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    columns = [(of_month >= start) & (of_month <= end) for start, end in MONTH_DAYS]
    for kind in sorted({holiday.kind for holiday in panel.holidays}):
        dates = np.asarray([one.day for one in panel.holidays if one.kind == kind], "datetime64[D]")
        until = (dates[None] - days[:, None]).astype(np.int64)
        columns.append(((until >= 0) & (until < PREPARATION_DAYS)).any(axis=1))
    shares = [column.reshape(-1, 7).mean(axis=1) for column in columns]
    return np.asarray(np.column_stack(shares), np.float64)


def _estimate(
    categories: Doubles, weekly: Doubles, exposures: Doubles, week: NDArray[np.int64]
) -> tuple[Doubles, Doubles]:
    """Return the shop's effects, (k,), and by how much each category's differ from them, (m, k), as logarithms."""
    detrend = np.eye(len(week)) - _smoother(week.astype(np.float64))
    design = detrend @ exposures
    freedom = float(np.trace(detrend))
    shop = _shop_effects(detrend @ np.log(weekly), design, freedom)
    mean = categories.mean(axis=1)
    known = np.flatnonzero(mean > _MIN_UNITS)
    differ = np.zeros((len(categories), len(shop)))
    if len(known) >= 2:
        own = np.log((np.maximum(categories[known], 0) + 1) / (weekly + 1)) @ detrend.T
        differ[known] = _category_effects(own, design, np.sqrt(mean[known]), freedom)
    return shop, differ


def _shop_effects(off: Doubles, design: Doubles, freedom: float) -> Doubles:
    gram, noise = design.T @ design, 1e-3
    prior = np.eye(len(gram)) / _SHOP_PRIOR**2
    for _ in range(_ROUNDS):
        effects = np.linalg.solve(gram / noise + prior, design.T @ off / noise)
        noise = max(float(((off - design @ effects) ** 2).sum()) / freedom, 1e-5)
    return np.asarray(effects, np.float64)


def _category_effects(off: Doubles, design: Doubles, weight: Doubles, freedom: float) -> Doubles:
    """Return the posterior means of m categories' differences by EM, (m, k)."""
    gram = design.T @ design
    between = np.full(len(gram), 0.05**2)
    noise = (off**2).mean(axis=1) + 1e-4
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
        line = np.column_stack([np.ones(n), ago]) * kernel[:, None]
        is_end = place < _BANDWIDTH // 2 or place >= n - _BANDWIDTH // 2
        ridge = np.diag([0, 5.0 * _BANDWIDTH if is_end else 1e-3])
        rows[place] = np.linalg.solve(line.T @ np.column_stack([np.ones(n), ago]) + ridge, line.T)[0]
    return rows
