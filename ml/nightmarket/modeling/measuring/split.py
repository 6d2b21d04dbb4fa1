"""Was the campaign dealt as planned? A share held out that chance cannot explain says that something else dealt."""

from __future__ import annotations

from dataclasses import dataclass

from nightmarket.modeling.measuring.trial import Doubles, Trial

ALARM = 0.001
"""Below it the split is not as planned. The level of Fabijan et al. (2019), *Diagnosing Sample Ratio Mismatch in
Online Controlled Experiments*: with hundreds of campaigns, 5 % would cry wolf every month."""


@dataclass(frozen=True)
class Split:
    """How many were held out, how many the plan expects, and how likely such a distance is by chance."""

    n_holdout: int
    expected_holdout: float
    p_value: float

    @property
    def is_as_planned(self) -> bool:
        return self.p_value >= ALARM


def compare_with_plan(trial: Trial, planned_shares: Doubles) -> Split:
    """Return how the realised split stands to the planned one (chi-square, 1 degree of freedom).

    Parameters
    ----------
    planned_shares : share to be held out, between 0 and 1, as stated for each customer when it was dealt, shape (n,)
    """
    from scipy import stats

    expected = float(planned_shares.sum())
    n = len(planned_shares)
    if not 0 < expected < n:
        return Split(trial.n_holdout, expected, 1.0 if trial.n_holdout == round(expected) else 0.0)
    result = stats.chisquare([trial.n_holdout, trial.n_treated], [expected, n - expected])
    return Split(trial.n_holdout, expected, float(result.pvalue))
