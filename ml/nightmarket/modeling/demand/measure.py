"""How good forecasts are: errors weighted by volume, bias, and how often the bands hold the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.bands import BLOCKS, QUANTILES
from nightmarket.modeling.demand.forecast import Points
from nightmarket.modeling.demand.histories import Histories, Level
from nightmarket.modeling.demand.panel import Doubles

TOP = 500


@dataclass(frozen=True)
class Errors:
    """Sums over the known cells of (m, 8): what WAPE and bias are made of, series by series, (m,)."""

    wrong: Doubles
    signed: Doubles
    sold: Doubles

    @property
    def wape(self) -> float:
        return _over(self.wrong, self.sold)

    @property
    def bias(self) -> float:
        return _over(self.signed, self.sold)


def errors_of(units: Doubles, outcome: Doubles) -> Errors:
    """Return the errors of every series; a cell is a series and a single week."""
    known = np.isfinite(outcome)
    difference = np.where(known, units - np.nan_to_num(outcome), 0)
    return Errors(
        np.abs(difference).sum(axis=1), difference.sum(axis=1), np.where(known, np.abs(outcome), 0).sum(axis=1)
    )


def coverage(quantiles: Doubles, outcome: Doubles, share: float) -> tuple[int, int]:
    """Return how many known outcomes lie in the interval of ``share``, and how many are known.

    Parameters
    ----------
    quantiles : (m, w, 9) at ``bands.QUANTILES``
    outcome : (m, w)
    """
    low, high = QUANTILES.index(round((1 - share) / 2, 3)), QUANTILES.index(round((1 + share) / 2, 3))
    known = np.isfinite(outcome)
    inside = (outcome >= quantiles[..., low] - 1e-9) & (outcome <= quantiles[..., high] + 1e-9)
    return int((inside & known).sum()), int(known.sum())


def top_products(histories: Histories, n: int = TOP) -> NDArray[np.int64]:
    """Return the positions of the products that sold most before the origin."""
    return np.argsort(-histories.filled.sum(axis=1), kind="stable")[:n]


def measure_points(points: Points, outcome: Mapping[Level, Doubles]) -> dict[str, Any]:
    """Return WAPE and bias by level and block of weeks ahead."""
    found: dict[str, Any] = {}
    for level, histories in points.histories.items():
        parts: dict[str, NDArray[np.int64]] = {level: np.arange(len(histories))}
        if level == "product":
            parts[f"top_{TOP}"] = top_products(histories)
        for name, rows in parts.items():
            for start, end in BLOCKS:
                errors = errors_of(points.units[level][rows, start:end], outcome[level][rows, start:end])
                if errors.sold.sum() > 0:
                    found[f"{name}/weeks {start + 1}-{end}"] = {
                        "wape": round(errors.wape, 5),
                        "bias": round(errors.bias, 5),
                    }
    return found


def _over(over: Doubles, under: Doubles) -> float:
    total = float(under.sum())
    return float(over.sum()) / total if total > 0 else float("nan")
