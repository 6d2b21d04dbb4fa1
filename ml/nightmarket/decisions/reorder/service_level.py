"""The service level of each product: the newsvendor's where its costs are known, its class's where not.

The newsvendor's critical ratio (Arrow, Harris and Marschak 1951; Silver, Pyke and Thomas 2017, chapter 9) weighs what
a unit too few costs (its margin) against what one too many costs. A unit too many is not thrown away here but kept
until the next review, so it costs the holding of one review period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEWSVENDOR = "newsvendor"
CLASS_DEFAULT = "class default"
HIGHEST, LOWEST = 0.995, 0.5
"""Levels beyond these are cut: above the first the forecast's quantiles say nothing, below the second nobody means to
run out."""

RISK_FACTOR = {"X": 2 / 3, "Y": 1.0, "Z": 3 / 2}
"""How much of the class's accepted risk of running out is taken: safety is cheap where demand is steady, and dear
where it is erratic."""

DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class ServiceLevels:
    """Probability of not running out in an order cycle, for each product, and where it comes from."""

    level: Floats
    basis: NDArray[np.object_]


def critical_ratio(margin: Floats, holding_per_year: Floats, *, review_period_days: int) -> Floats:
    """Return Cu / (Cu + Co) with Cu the margin of a unit and Co its holding over a review period; NaN where unknown.

    A product without a margin (0, or a loss) has no ratio: what it is kept for is not its own profit.
    """
    over = holding_per_year * review_period_days / DAYS_PER_YEAR
    usable = (margin > 0) & (over >= 0)
    return np.where(usable, margin / np.where(usable, margin + over, 1), np.nan)


def service_levels(
    abc: NDArray[np.str_],
    xyz: NDArray[np.str_],
    ratio: Floats,
    *,
    by_class: tuple[float, float, float],
) -> ServiceLevels:
    """Return each product's level.

    Parameters
    ----------
    ratio : critical ratios; NaN where a cost is not known
    by_class : the levels of A, B and C at usual variability (Y)
    """
    base = np.select([abc == "A", abc == "B"], by_class[:2], by_class[2])
    factor = np.select([xyz == "X", xyz == "Y"], [RISK_FACTOR["X"], RISK_FACTOR["Y"]], RISK_FACTOR["Z"])
    default = 1 - (1 - base) * factor
    known = np.isfinite(ratio)
    basis = np.where(known, NEWSVENDOR, CLASS_DEFAULT).astype(object)
    return ServiceLevels(np.clip(np.where(known, ratio, default), LOWEST, HIGHEST), basis)
