"""The effect of a campaign on responses and on revenue, per customer who was meant to be contacted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.measuring.compliance import Compliance
from nightmarket.modeling.measuring.cuped import Adjusted, adjust
from nightmarket.modeling.measuring.intervals import score_interval, skewness_corrected
from nightmarket.modeling.measuring.split import Split
from nightmarket.modeling.measuring.trial import Doubles, Trial

MEASURES = ("response", "revenue")
SPLIT_BROKEN, NOT_SENT = "split not as planned", "not sent as decided"
"""Verdicts on campaigns whose figures prove nothing."""


@dataclass(frozen=True)
class Effect:
    """What being meant for the campaign changed in one measure.

    Attributes
    ----------
    treated_mean, holdout_mean : as counted, not adjusted: share who answered, or mean amount spent
    effect : adjusted difference per customer, with its 95 % interval
    theta : what one unit of spend before the campaign foretold of the measure; 0 without adjustment
    variance_reduction_pct : how much of the variance the adjustment took out, in percent
    """

    measure: str
    n_treated: int
    n_holdout: int
    treated_mean: float
    holdout_mean: float
    effect: float
    interval: Interval
    theta: float
    variance_reduction_pct: float

    @property
    def total_effect(self) -> float:
        """Responses, or revenue, that would not have come without the campaign."""
        return self.effect * self.n_treated

    def is_significant(self, split: Split, compliance: Compliance) -> bool:
        """Return whether the interval leaves 0 out; never where it was not dealt as planned or sent as decided."""
        is_sound = split.is_as_planned and compliance.is_as_decided
        return is_sound and (self.interval.low > 0 or self.interval.high < 0)

    def verdict(self, split: Split, compliance: Compliance) -> str:
        """Return ``increase``, ``decrease``, ``no effect shown``, ``split not as planned`` or ``not sent as decided``.

        What half of a list brought is no proof that the list brings nothing, and a holdout that was contacted too shows
        no difference to it.
        """
        if not split.is_as_planned:
            return SPLIT_BROKEN
        if not compliance.is_as_decided:
            return NOT_SENT
        if not self.is_significant(split, compliance):
            return "no effect shown"
        return "increase" if self.effect > 0 else "decrease"


def measure_effects(trial: Trial, *, is_adjusted: bool = True) -> list[Effect]:
    """Return the effect on responses, where they are kept, and on revenue.

    Parameters
    ----------
    is_adjusted : take out what the covariates foretell (CUPED); off to see what that is worth
    """
    effects = [_effect("revenue", trial, trial.revenue, is_adjusted)]
    if trial.responded is not None:
        effects.insert(0, _effect("response", trial, trial.responded.astype(np.float64), is_adjusted))
    return effects


def _effect(measure: str, trial: Trial, outcome: Doubles, is_adjusted: bool) -> Effect:
    arm = trial.is_treated
    adjusted = (
        adjust(outcome, arm, trial.covariates)
        if is_adjusted and trial.covariates.shape[1]
        else Adjusted(outcome, np.zeros(1), 1.0)
    )
    effect = float(adjusted.values[arm].mean() - adjusted.values[~arm].mean())
    interval = (
        _response_interval(trial, effect, adjusted.kept)
        if measure == "response"
        else skewness_corrected(adjusted.values[arm], adjusted.values[~arm])
    )
    return Effect(
        measure=measure,
        n_treated=trial.n_treated,
        n_holdout=trial.n_holdout,
        treated_mean=float(outcome[arm].mean()),
        holdout_mean=float(outcome[~arm].mean()),
        effect=effect,
        interval=interval,
        theta=float(adjusted.thetas[0]),
        variance_reduction_pct=100 * (1 - adjusted.kept),
    )


def _response_interval(trial: Trial, effect: float, kept: float) -> Interval:
    """Return the score interval of the shares, moved to the adjusted effect and narrowed as its error is.

    The score interval holds for rare answers; the adjustment multiplies the standard error by the root of the
    variance it leaves.
    """
    responded = trial.responded
    assert responded is not None  # noqa: S101 - measured only where responses are kept
    arm = trial.is_treated
    k_treated, k_holdout = int(np.count_nonzero(responded[arm])), int(np.count_nonzero(responded[~arm]))
    raw = score_interval(trial.n_treated, k_treated, trial.n_holdout, k_holdout)
    difference = k_treated / trial.n_treated - k_holdout / trial.n_holdout
    narrowed = float(np.sqrt(kept))
    return Interval(effect - (difference - raw.low) * narrowed, effect + (raw.high - difference) * narrowed)
