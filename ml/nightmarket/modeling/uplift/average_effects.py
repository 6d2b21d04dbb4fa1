"""The average effect of a treatment, with its interval: by difference in means, and adjusted for covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.uplift.preparing import Preparation
from nightmarket.modeling.uplift.trial import Doubles, Trial, unit_positions

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class AverageEffect:
    """An estimate and its standard error; ``low`` and ``high`` hold the truth in 95 % of trials."""

    effect: float
    standard_error: float

    @property
    def low(self) -> float:
        return self.effect - Z_95 * self.standard_error

    @property
    def high(self) -> float:
        return self.effect + Z_95 * self.standard_error

    @property
    def z(self) -> float:
        """The effect in standard errors; 0 where neither varies."""
        return self.effect / self.standard_error if self.standard_error > 0 else 0.0

    def describe(self) -> dict[str, float]:
        """Return the effect and its interval as plain numbers."""
        return {"effect": round(self.effect, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


def difference_in_means(trial: Trial, outcome: Doubles | None = None) -> AverageEffect:
    """Return mean of treated less mean of controls, of ``outcome`` (n,) or else of the trial's own."""
    return _difference(trial, np.empty((len(trial), 0)), trial.outcome if outcome is None else outcome)


def adjusted_effect(trial: Trial, outcome: Doubles | None = None) -> AverageEffect:
    """Return the effect by regression on treatment, centred covariates and their products.

    After Lin (2013), "Agnostic notes on regression adjustments to experimental data": in a randomised trial it is
    never less precise in large samples than the difference in means, whatever the truth looks like. Standard errors
    are robust (HC2) and, where a unit has several rows, by unit.
    """
    design = _independent_columns(Preparation.learn(trial.covariates).apply(trial.covariates))
    return _difference(trial, design, trial.outcome if outcome is None else outcome)


def effect_within_strata(trial: Trial, outcome: Doubles) -> AverageEffect:
    """Return the effect by regression on treatment and covariates, all of them less their means in the stratum.

    That is a regression with an intercept of its own for every stratum (Frisch and Waugh 1933; Lovell 1963): strata
    weigh n_treated x n_control / n, so one with a handful of treated moves nothing. Standard errors are robust (HC0)
    and, where a unit has several rows, by unit.
    """
    strata = trial.stratum_of
    prepared = Preparation.learn(trial.covariates).apply(trial.covariates)
    columns = np.column_stack([trial.treatment.astype(np.float64), prepared, outcome])
    sizes = np.maximum(np.bincount(strata), 1)
    means = np.column_stack([np.bincount(strata, column) / sizes for column in columns.T])
    within = columns - means[strata]
    treatment, covariates, response = within[:, 0], _independent_columns(within[:, 1:-1]), within[:, -1]
    # What covariates tell of the treatment is taken out of it, so that one slope is left to fit.
    own = treatment - covariates @ np.linalg.lstsq(covariates, treatment, rcond=None)[0]
    design = np.column_stack([treatment, covariates])
    residual = response - design @ np.linalg.lstsq(design, response, rcond=None)[0]
    positions, n_units = unit_positions(trial.unit_ids)
    by_unit = np.bincount(positions, own * residual, minlength=n_units)
    information = float((own**2).sum())
    return AverageEffect(float(own @ response) / information, float(np.sqrt((by_unit**2).sum())) / information)


def _difference(trial: Trial, centred: Doubles, outcome: Doubles) -> AverageEffect:
    """Fit each arm on [1, centred]; the intercepts are the arms' means at the average covariates."""
    influence = np.zeros(len(trial))
    intercepts, slopes = [], []
    for arm, sign in ((0, -1.0), (1, 1.0)):
        rows = np.flatnonzero(trial.treatment == arm)
        design = np.column_stack([np.ones(len(rows)), centred[rows]])
        q, r = np.linalg.qr(design)
        coefficients = np.linalg.lstsq(r, q.T @ outcome[rows], rcond=None)[0]
        leverage = np.minimum((q**2).sum(axis=1), 1 - 1e-6)
        residual = (outcome[rows] - design @ coefficients) / np.sqrt(1 - leverage)
        weight = design @ np.linalg.pinv(design.T @ design)[:, 0]
        influence[rows] = sign * weight * residual
        intercepts.append(coefficients[0])
        slopes.append(coefficients[1:])
    # The units are a sample: their average covariates, at which the effect is read, vary as well.
    influence += centred @ (slopes[1] - slopes[0]) / len(trial)
    positions, n_units = unit_positions(trial.unit_ids)
    by_unit = np.bincount(positions, influence, minlength=n_units)
    return AverageEffect(float(intercepts[1] - intercepts[0]), float(np.sqrt((by_unit**2).sum())))


def _independent_columns(design: Doubles) -> Doubles:
    """Return as many centred columns as ``design`` has independent ones, spanning the same: one-hot sets overlap."""
    centred = design - design.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    kept = singular > 1e-8 * max(float(singular.max(initial=0.0)), 1e-300)
    independent: Doubles = left[:, kept] * np.sqrt(len(design))
    return independent
