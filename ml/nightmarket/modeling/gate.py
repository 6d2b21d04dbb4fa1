"""The gate: which recipe becomes the version, and why, in words an operator can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.metrics.base import LOWER_IS_BETTER

REFIT_MEAN_FACTOR = 2.0
"""A shop's rate of purchases has not doubled or halved from one window to the next; a broken fit's does."""
REFIT_LEAST_SPREAD = 0.2
"""Least standard deviation of the refitted forecasts, as a share of the tested fit's on the same rows."""


@dataclass(frozen=True)
class Candidate:
    """One recipe tested at the cut-off.

    ``value`` is its gate metric; ``gains`` the paired interval of how much better that is than each
    other recipe's, above 0 being better whichever way the metric runs.
    """

    recipe: str
    value: float
    gains: Mapping[str, Interval]


@dataclass(frozen=True)
class GateDecision:
    """The recipe to refit and register. ``passed`` is always said, with the reason."""

    recipe: str
    passed: bool
    reason: str


def decide(candidates: Mapping[str, Candidate], champion: str | None, *, baseline: str, metric: str) -> GateDecision:
    """Choose among recipes trained, calibrated and tested on the same windows.

    Parameters
    ----------
    candidates : by recipe; ``baseline`` is always among them.
    champion : recipe of the version that may score up to now, or None.
    metric : what ``value`` is, for the reason.

    Notes
    -----
    A first champion is the best recipe whose gain over the baseline has an interval above 0, else
    the baseline. Later a challenger needs the same against the champion's recipe *trained at this
    cut-off* (never against the old version, which saw some of these labels); else the
    champion's recipe is registered again, one window fresher. A champion that has fallen below
    the baseline has lost its place: the choice is made as if there were none.
    """
    sign, said = -1 if metric in LOWER_IS_BETTER else 1, metric.replace("_", " ")
    holder = champion if champion in candidates else None
    fallen = ""
    if holder and holder != baseline and candidates[baseline].gains[holder].low > 0:
        gain = candidates[baseline].gains[holder]
        fallen = f"{holder} fell below {baseline}: {baseline} gains {_words(gain)} {said} over it. "
        holder = None
    reference = holder or baseline
    better = [c for name, c in candidates.items() if name != reference and c.gains[reference].low > 0]
    if better:
        best = max(better, key=lambda c: (sign * c.value, c.recipe))
        return GateDecision(
            best.recipe,
            True,
            f"{fallen}{best.recipe} gains {_words(best.gains[reference])} {said} over {reference} "
            f"({best.value:.4f} against {candidates[reference].value:.4f}), "
            "paired over customers, same cut-off.",
        )
    if fallen:
        return GateDecision(baseline, True, f"{fallen}Nothing beats {baseline}: it takes over.")
    stays = "The champion recipe stays, refitted." if holder else f"The baseline {baseline} is the first champion."
    others = max((c for c in candidates.values() if c.recipe != reference), key=lambda c: sign * c.value, default=None)
    if others is None:
        return GateDecision(reference, True, f"Only {reference} competes ({said} {candidates[reference].value:.4f}).")
    return GateDecision(
        reference,
        True,
        f"No recipe beats {reference} ({said} {candidates[reference].value:.4f}) at this cut-off; the nearest, "
        f"{others.recipe} ({others.value:.4f}), gains {_words(others.gains[reference])}, which is not "
        f"above 0. {stays}",
    )


def hold_refit_gate(
    decision: GateDecision, *, refitted: NDArray[np.float64], tested: NDArray[np.float64], base_rate: float
) -> GateDecision:
    """Let the refitted scorer through only where it forecasts like the fit that was tested.

    The refit has no test window of its own, so this asks for sanity, not for skill.

    Parameters
    ----------
    refitted, tested : (n,) forecasts of the same rows, those of the newest labelled origin
    base_rate : mean outcome of those rows

    Notes
    -----
    Every forecast is finite; they differ, with at least ``REFIT_LEAST_SPREAD`` of the tested fit's
    standard deviation; and their mean is within ``REFIT_MEAN_FACTOR`` of what lies between the tested
    fit's mean and the base rate.
    """
    low, high = sorted((float(tested.mean()), base_rate))
    low, high = low / REFIT_MEAN_FACTOR, high * REFIT_MEAN_FACTOR
    least = REFIT_LEAST_SPREAD * float(tested.std())
    n_bad = int((~np.isfinite(refitted)).sum())
    if n_bad:
        fault = f"{n_bad} of its {len(refitted)} forecasts are not finite"
    elif np.ptp(refitted) == 0:
        fault = f"its forecasts are all {refitted[0]:.4g}, expected them to differ between rows"
    elif refitted.std() < least:
        fault = f"its forecasts have a standard deviation of {refitted.std():.4g}, expected {least:.4g} or more"
    elif not low <= refitted.mean() <= high:
        fault = f"its mean forecast is {refitted.mean():.4g}, expected {low:.4g} to {high:.4g}"
    else:
        return decision
    return replace(
        decision, passed=False, reason=f"Refused after the refit of {decision.recipe}: {fault}. {decision.reason}"
    )


def _words(gain: Interval) -> str:
    return f"[{gain.low:+.4f}, {gain.high:+.4f}]"
