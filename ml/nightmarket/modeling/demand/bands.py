"""Quantiles around a forecast, from how far outcomes lay from the forecasts of earlier origins.

Split conformal prediction (Vovk, Gammerman & Shafer, "Algorithmic Learning in a Random World", 2005) in units of the
spread of each series (``spread.py``), told apart by level, demand class, weeks ahead and the size of the forecast
(Mondrian categories).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.panel import HORIZON, Doubles

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""What is kept: the published ones (.05, .25, .5, .75, .95), and the ends of the intervals of 80 and 95 %."""
PUBLISHED = (1, 3, 4, 5, 7)
BLOCKS = ((0, 2), (2, 4), (4, HORIZON))
"""Weeks ahead that share their residuals."""
_MIN_ROWS, _FEW_ROWS, _N_BINS = 100, 8, 12
_RESIDUALS_A_FREEDOM = 4
"""Residuals of one origin resemble each other: so many count as one."""
_ASSUMED_VARIATION = {"product": 0.6, "category": 0.3, "total": 0.15}
"""Beyond Poisson, of a forecast without any residual to go by."""


@dataclass(frozen=True)
class Band:
    """Quantiles of (outcome - forecast) / spread at rising sizes of log1p(forecast), lines in between.

    ``knots`` is (k,), ``residuals`` is (k, 9).
    """

    knots: tuple[float, ...]
    residuals: tuple[tuple[float, ...], ...]

    def around(self, units: Doubles, spread: Doubles) -> Doubles:
        """Return the quantiles of each of n forecasts, (n, 9): rising, and never below 0."""
        logs = np.log1p(np.maximum(units, 0))
        table = np.asarray(self.residuals)
        shifted = np.stack(
            [units + spread * np.interp(logs, self.knots, table[:, column]) for column in range(len(QUANTILES))],
            axis=1,
        )
        return np.maximum.accumulate(np.maximum(shifted, 0), axis=1)


@dataclass(frozen=True)
class Bands:
    """Bands by 'level/class/block'; a missing one is looked for as 'level/block'; else one is assumed."""

    by_name: Mapping[str, Band]

    def around(self, level: str, demand_class: NDArray[np.str_], units: Doubles, spread: Doubles) -> Doubles:
        """Return the quantiles of the forecasts of one level.

        Parameters
        ----------
        demand_class : (m,)
        units, spread : (m, 8)

        Returns
        -------
        (m, 8, 9)
        """
        found = np.empty((*units.shape, len(QUANTILES)))
        for one in np.unique(demand_class):
            rows = np.flatnonzero(demand_class == one)
            for block, (start, end) in enumerate(BLOCKS):
                band = self._find(level, str(one), block)
                part = units[rows, start:end]
                of = spread[rows, start:end].ravel()
                quantiles = _assume(level, part.ravel()) if band is None else band.around(part.ravel(), of)
                found[rows, start:end] = quantiles.reshape(*part.shape, len(QUANTILES))
        return found

    def _find(self, level: str, demand_class: str, block: int) -> Band | None:
        for later in (block, *range(block - 1, -1, -1)):
            for name in (f"{level}/{demand_class}/{later}", f"{level}/{later}"):
                if name in self.by_name:
                    return self.by_name[name]
        return None

    def to_json(self) -> dict[str, Any]:
        return {
            name: {"knots": list(band.knots), "residuals": [list(row) for row in band.residuals]}
            for name, band in sorted(self.by_name.items())
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Bands:
        return cls(
            {
                name: Band(tuple(one["knots"]), tuple(tuple(row) for row in one["residuals"]))
                for name, one in raw.items()
            }
        )


@dataclass(frozen=True)
class Residuals:
    """Forecasts of one earlier origin and level, and what came: class (m,), the others (m, 8), NaN unknown."""

    demand_class: NDArray[np.str_]
    units: Doubles
    spread: Doubles
    outcome: Doubles


def fit_bands(residuals: Mapping[str, list[Residuals]]) -> Bands:
    """Fit the bands of every level; a class with fewer than 100 outcomes is left to all of its level.

    Where a level has fewer than 100, as the total has, the band is Student's, as wide as those residuals.
    """
    found: dict[str, Band] = {}
    for level, origins in residuals.items():
        demand_class = np.concatenate([one.demand_class for one in origins])
        logs, off = _normalised(origins)
        for block, (start, end) in enumerate(BLOCKS):
            cells = {f"{level}/{block}": np.ones(len(demand_class), bool)}
            if level == "product":
                cells |= {f"{level}/{one}/{block}": demand_class == one for one in np.unique(demand_class)}
            for name, rows in cells.items():
                if name.count("/") > 1 and np.isfinite(off[rows, start:end]).sum() < _MIN_ROWS:
                    continue
                band = _fit_band(logs[rows, start:end].ravel(), off[rows, start:end].ravel())
                if band is not None:
                    found[name] = band
    return Bands(found)


def _normalised(origins: list[Residuals]) -> tuple[Doubles, Doubles]:
    """Return log1p(forecast), and how many spreads the outcome lay above it: (rows of all origins, 8) each."""
    units = np.vstack([one.units for one in origins])
    outcome = np.maximum(np.vstack([one.outcome for one in origins]), 0)
    off = (outcome - units) / np.vstack([one.spread for one in origins])
    return np.log1p(np.maximum(units, 0)), np.asarray(off, np.float64)


def _fit_band(logs: Doubles, off: Doubles) -> Band | None:
    known = np.isfinite(off)
    n = int(known.sum())
    if n < _FEW_ROWS:
        return None
    logs, off = logs[known], off[known]
    if n < _MIN_ROWS:
        return Band((float(np.median(logs)),), (_few(off),))
    order = np.argsort(logs, kind="stable")
    residuals = off[order]
    bins = np.array_split(np.arange(n), max(1, min(_N_BINS, n // _MIN_ROWS)))
    centres = np.asarray([np.median(logs[order[rows]]) for rows in bins])
    knots, first = np.unique(centres, return_index=True)
    table = np.asarray([_outward(residuals[rows]) for rows in bins])[first]
    return Band(tuple(np.round(knots, 9).tolist()), tuple(tuple(row) for row in np.round(table, 9).tolist()))


def _outward(residuals: Doubles) -> Doubles:
    """Return the quantiles at ranks that reach outwards, which is what makes the coverage hold for few residuals."""
    ranked, n = np.sort(residuals), len(residuals)
    found = []
    for level in QUANTILES:
        place = max(int(np.floor((n + 1) * min(level, 1 - level))), 1) - 1
        found.append(ranked[place] if level < 0.5 else ranked[n - 1 - place])
    found[QUANTILES.index(0.5)] = float(np.median(ranked))
    return np.asarray(found)


def _few(residuals: Doubles) -> tuple[float, ...]:
    """Return Student's quantiles around no error, as wide as the few residuals are."""
    from scipy.stats import t

    n = len(residuals)
    spread = float(np.sqrt(np.mean(residuals**2) * (1 + 1 / n)))
    found = spread * t.ppf(QUANTILES, max(3, n // _RESIDUALS_A_FREEDOM))
    return tuple(np.round(found, 9).tolist())


def _assume(level: str, units: Doubles) -> Doubles:
    from scipy.stats import nbinom

    size = 1 / _ASSUMED_VARIATION[level] ** 2
    expected = np.maximum(units, 1e-9)
    return np.stack([nbinom.ppf(one, size, size / (size + expected)) for one in QUANTILES], axis=1).clip(0)
