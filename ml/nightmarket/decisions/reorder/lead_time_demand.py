"""Demand over a lead time: from the quantiles of single weeks to the distribution over any number of days.

Each week is a quantile function through its five quantiles, linear up to the fourth, down to 0 at the least, and from
there an exponential tail through the last two (sales that are rare come in bursts: a normal tail is too thin for them,
and a line between the two would hold more than what it says).
Draws of the weeks are added up. The weeks of a draw are tied together by a Gaussian copula with one correlation for
every pair: a forecast that is too low is too low for a while, because its level is wrong. On The Complete Journey,
at origins up to 2017-09-04, the errors of two of the next three weeks correlate by .26 to .36 for the 500 products
sold most, by .21 to .25 for the next 2,500 and by .07 for the slowest; .3 for all errs to more stock for those.

A part of a week (the last days of a horizon) or of a product's places (one location of several) takes each unit of
the week with that probability, units being equally likely to fall on any day: a week of x units gives a part of p
a mean of p x and a variance of p (1 - p) x. Days beyond the eighth week repeat it.

The draws are a Latin hypercube, the same for every row: each week's own distribution is met exactly, and the same
input gives the same numbers. See Silver, Pyke and Thomas, "Inventory and Production Management in Supply Chains",
4th edition (2017), chapter 6, on demand over a lead time; McKay, Beckman and Conover (1979) on the hypercube.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import ForecastUnusable

Floats = NDArray[np.float64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles that a forecast gives."""

WEEK_DAYS = 7
CORRELATION = 0.3
N_DRAWS = 1000
_CHUNK = 500
"""Rows that are drawn at once: their draws stay in the cache."""


@dataclass(frozen=True)
class WeeklyDemand:
    """What is forecast for each of n rows and H weeks from the night on.

    Attributes
    ----------
    units : (n, H) expected units
    quantiles : (n, H, 5) at ``LEVELS``, not below 0 and never falling
    """

    units: Floats
    quantiles: Floats

    def __post_init__(self) -> None:
        n, n_weeks = self.units.shape
        if self.quantiles.shape != (n, n_weeks, len(LEVELS)) or n_weeks == 0:
            raise ForecastUnusable(
                f"Got quantiles of shape {self.quantiles.shape} for units of shape {self.units.shape} but expected "
                f"({n}, {n_weeks}, {len(LEVELS)}) and at least one week. Score the demand of this night again."
            )
        if not (np.isfinite(self.units).all() and np.isfinite(self.quantiles).all()):
            raise ForecastUnusable("Got a forecast that is not finite but expected numbers. Score demand again.")
        if (self.quantiles < 0).any() or (np.diff(self.quantiles, axis=2) < 0).any():
            raise ForecastUnusable("Got quantiles below 0 or crossing but expected rising ones. Score demand again.")


@dataclass(frozen=True)
class DemandOver:
    """Demand of each of n rows over its own number of days.

    Attributes
    ----------
    expected : (n,) units
    quantiles : (n, 5) units at ``LEVELS``
    at_level : (n,) units that demand stays within at the asked level
    exceedance : (n,) probability that demand is above the asked units; NaN where none were asked
    """

    expected: Floats
    quantiles: Floats
    at_level: Floats
    exceedance: Floats


def demand_over(
    weekly: WeeklyDemand,
    days: NDArray[np.int64],
    *,
    share: Floats | None = None,
    level: Floats | None = None,
    above: Floats | None = None,
    correlation: float = CORRELATION,
    seed: int = 0,
) -> DemandOver:
    """Return the distribution of demand over the next ``days`` days.

    Parameters
    ----------
    days : (n,) at least 1
    share : (n,) part of the demand that falls on this row's place; default 1
    level : (n,) level of the quantile ``at_level``, between 0 and 1; default the median
    above : (n,) units for ``exceedance``; NaN for none
    correlation : between the errors of any two weeks, from 0 to 1
    """
    n = len(weekly.units)
    share = np.ones(n) if share is None else share
    level = np.full(n, 0.5) if level is None else level
    above = np.full(n, np.nan) if above is None else above
    found = DemandOver(np.zeros(n), np.zeros((n, len(LEVELS))), np.zeros(n), np.full(n, np.nan))
    for horizon in np.unique(days):
        weights, noise = _weights(int(horizon), correlation=correlation, seed=seed)
        of_horizon = np.flatnonzero(days == horizon)
        for start in range(0, len(of_horizon), _CHUNK):
            rows = of_horizon[start : start + _CHUNK]
            one = WeeklyDemand(weekly.units[rows], weekly.quantiles[rows])
            found.expected[rows] = expected_units(one, int(horizon)) * share[rows]
            draws = np.sort(_draw(one, int(horizon), share[rows], weights=weights, noise=noise), axis=1)
            for column, of in enumerate(LEVELS):
                found.quantiles[rows, column] = _quantile(draws, np.full(len(rows), of))
            found.at_level[rows] = _quantile(draws, level[rows])
            # NaN compares as false: a row without a number has no exceedance.
            more = (draws > above[rows, None]).mean(axis=1)
            found.exceedance[rows] = np.where(np.isnan(above[rows]), np.nan, more)
    return found


def expected_units(weekly: WeeklyDemand, days: int) -> Floats:
    """Return the expected units over the next ``days`` days; weeks beyond the forecast repeat its last."""
    n_whole, rest = divmod(days, WEEK_DAYS)
    units: Floats = sum((weekly.units[:, _week(weekly, i)] for i in range(n_whole)), np.zeros(len(weekly.units)))
    return units + weekly.units[:, _week(weekly, n_whole)] * (rest / WEEK_DAYS)


def _draw(weekly: WeeklyDemand, days: int, share: Floats, *, weights: Floats, noise: Floats) -> Floats:
    """Return draws of demand over ``days`` of each row, (n, draws)."""
    n_whole, rest = divmod(days, WEEK_DAYS)
    total = np.zeros((len(share), N_DRAWS))
    for i in range(n_whole):
        total += _knots(weekly, i) @ weights[i]
    if rest:
        total += _part_of(_knots(weekly, n_whole) @ weights[n_whole], rest / WEEK_DAYS, noise[0])
    return np.where(share[:, None] < 1, _part_of(total, share[:, None], noise[1]), total)


def _knots(weekly: WeeklyDemand, week: int) -> Floats:
    """Return what a week's quantile function is a weighted sum of: its quantiles, its floor and its tail's scale."""
    quantiles = weekly.quantiles[:, _week(weekly, week)]
    p05, p25, p75, p95 = quantiles[:, 0], quantiles[:, 1], quantiles[:, 3], quantiles[:, 4]
    floor = np.maximum(p05 - (p25 - p05) * LEVELS[0] / (LEVELS[1] - LEVELS[0]), 0)
    scale = (p95 - p75) / np.log((1 - LEVELS[3]) / (1 - LEVELS[4]))
    return np.column_stack([floor, quantiles, scale])


def _weights(days: int, *, correlation: float, seed: int) -> tuple[Floats, Floats]:
    """Return the weights of the knots at each draw, (weeks, 7, draws), and normal noise for parts, (2, draws)."""
    from scipy.special import ndtri

    n_weeks = -(-days // WEEK_DAYS)
    rng = np.random.default_rng(seed)
    even = (np.arange(N_DRAWS) + 0.5) / N_DRAWS
    normal = np.array([ndtri(rng.permutation(even)) for _ in range(n_weeks + 3)])
    tied = np.sqrt(correlation) * normal[2] + np.sqrt(1 - correlation) * normal[3:]
    # Ranks bring each week's draws back to even levels, which the sum of two normals spoils a little.
    levels = (tied.argsort(axis=1).argsort(axis=1) + 0.5) / N_DRAWS
    grid = np.array([0, *LEVELS])
    weights = np.zeros((n_weeks, len(grid) + 1, N_DRAWS))
    for i, at in enumerate(np.minimum(levels, LEVELS[3])):
        for knot in range(len(grid)):
            weights[i, knot] = np.interp(at, grid, np.eye(len(grid))[knot])
    weights[:, -1] = np.log((1 - LEVELS[3]) / (1 - np.maximum(levels, LEVELS[3])))
    return weights, normal[:2]


def _part_of(units: Floats, part: float | Floats, noise: Floats) -> Floats:
    """Return what falls on a part, every unit with that probability (the binomial's mean and variance)."""
    return np.clip(part * units + np.sqrt(part * (1 - part) * units) * noise, 0, units)


def _quantile(draws: Floats, level: Floats) -> Floats:
    """Return the quantile of each row of sorted draws at the row's own level."""
    at = np.clip(level * N_DRAWS - 0.5, 0, N_DRAWS - 1)
    below = np.floor(at).astype(np.int64)
    above = np.minimum(below + 1, N_DRAWS - 1)
    low = np.take_along_axis(draws, below[:, None], axis=1)[:, 0]
    high = np.take_along_axis(draws, above[:, None], axis=1)[:, 0]
    return low + (high - low) * (at - below)


def _week(weekly: WeeklyDemand, week: int) -> int:
    return min(week, int(weekly.units.shape[1]) - 1)
