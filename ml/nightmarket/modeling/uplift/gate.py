"""The causal gate: whether data can say what a treatment changed. It refuses uplift where they cannot.

Who is contacted on purpose differs from who is not, and then no model tells the contact's effect from the reason for
it. Three things are looked at, none of which needs the outcome: whether treatment looks like a lottery, whether like
units are found in both arms, and whether the treatment "changed" something that had happened before it.

Where several lotteries are put together (campaigns, each with a share of its own), units are compared within each. Else
whatever tells the campaigns apart, such as how long a customer is known, tells who was contacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from nightmarket.modeling.uplift.average_effects import (
    AverageEffect,
    adjusted_effect,
    difference_in_means,
    effect_within_strata,
)
from nightmarket.modeling.uplift.base_models import BoostedTrees
from nightmarket.modeling.uplift.preparing import Preparation
from nightmarket.modeling.uplift.strata import count_arms, share_of_rows
from nightmarket.modeling.uplift.trial import Doubles, Trial, assign_folds

N_FOLDS = 5
SUPPORT = (0.05, 0.95)
"""Units of a propensity between them are found in both arms (Crump et al. 2009 trim at .1 and .9; we are milder)."""
MIN_SHARE_IN_SUPPORT = 0.9
MAX_SMD = 0.1
"""Largest standardised mean difference of a covariate that passes for balance (Austin 2009)."""
NOISE_SDS = 3.0
"""Standard deviations of chance that a propensity AUC may lie above .5."""
FALSE_ALARMS = 0.001
"""Share of honest trials that the placebo outcomes may refuse, and the balance in small arms, each shared out over
its columns (Bonferroni)."""


@dataclass(frozen=True)
class GateNumbers:
    """What was looked at.

    ``propensity_auc`` is cross-fitted; ``auc_noise`` how far above .5 it may come by chance. ``support_share`` is the
    share of units whose propensity lies in ``SUPPORT`` once both arms weigh the same (where 5 % are held out by lot,
    every true propensity is .95), ``plain_support_share`` the share with the propensity as it is. ``worst_smd`` belongs
    to ``worst_covariate``; ``smd_noise`` is the standard deviation that chance alone gives such a difference.
    """

    n_treated: int
    n_control: int
    propensity_auc: float
    auc_noise: float
    support_share: float
    plain_support_share: float
    worst_smd: float
    worst_covariate: str
    smd_noise: float
    n_unbalanced: int
    n_covariates: int
    placebo: Mapping[str, AverageEffect] = field(default_factory=dict)


@dataclass(frozen=True)
class GateDecision:
    """Whether uplift may be claimed, every number behind it, and why in plain words."""

    accepted: bool
    reason: str
    numbers: GateNumbers


def hold_causal_gate(trial: Trial, *, seed: int, threads: int = 1) -> GateDecision:
    """Decide from treatment, covariates and placebo outcomes; the outcome is not looked at.

    A placebo outcome may be among the covariates by its name; its own effect is adjusted for the others.
    """
    propensity = cross_fitted_propensity(trial, seed=seed, threads=threads)
    differences = standardised_differences(trial)
    worst = int(np.argmax(np.abs(differences))) if len(differences) else -1
    n_treated = int(trial.treatment.sum())
    n_control = len(trial) - n_treated
    low, high = SUPPORT
    share = share_of_rows(trial)
    plain = propensity * share / (propensity * share + (1 - propensity) * (1 - share))
    auc, auc_sd = auc_within_strata(trial, propensity)
    numbers = GateNumbers(
        n_treated=n_treated,
        n_control=n_control,
        propensity_auc=auc,
        auc_noise=NOISE_SDS * auc_sd,
        support_share=float(np.mean((propensity >= low) & (propensity <= high))),
        plain_support_share=float(np.mean((plain >= low) & (plain <= high))),
        worst_smd=float(abs(differences[worst])) if len(differences) else 0.0,
        worst_covariate=trial.covariate_names[worst] if len(differences) else "",
        smd_noise=smd_noise(trial),
        n_unbalanced=int((np.abs(differences) >= MAX_SMD).sum()),
        n_covariates=len(differences),
        placebo={
            name: _placebo_effect(trial.without([name]), past) for name, past in sorted(trial.placebo_outcomes.items())
        },
    )
    faults = find_faults(numbers)
    if faults:
        return GateDecision(False, f"No effect can be proven here: {'; '.join(faults)}. {_ADVICE}", numbers)
    if not trial.has_covariates:
        return GateDecision(True, _TAKEN_AT_ITS_WORD, numbers)
    return GateDecision(True, f"The arms are comparable: {_praise(numbers)}.", numbers)


def find_faults(numbers: GateNumbers) -> list[str]:
    """Return what speaks against a lottery, in words; nothing where the gate holds."""
    faults = []
    if numbers.propensity_auc > 0.5 + numbers.auc_noise:
        faults.append(
            f"who is treated can be told from what was known before (propensity AUC {numbers.propensity_auc:.3f}, "
            f"chance reaches {0.5 + numbers.auc_noise:.3f})"
        )
    if numbers.support_share < MIN_SHARE_IN_SUPPORT:
        faults.append(
            f"{numbers.support_share:.0%} of units have their like in both arms (propensity {SUPPORT[0]:g} to "
            f"{SUPPORT[1]:g}), expected at least {MIN_SHARE_IN_SUPPORT:.0%}"
        )
    # In small arms chance alone moves the worst of many means by this much.
    chance = _limit(numbers.n_covariates) * numbers.smd_noise
    if numbers.worst_smd >= max(MAX_SMD, chance):
        faults.append(
            f"{numbers.n_unbalanced} covariates differ between the arms, {numbers.worst_covariate} most "
            f"({numbers.worst_smd:.2f} standard deviations, expected below {max(MAX_SMD, chance):.2f})"
        )
    faults.extend(
        f"the treatment seems to change {name}, which came before it (effect {effect.effect:+.3g}, "
        f"{abs(effect.z):.1f} standard errors from 0)"
        for name, effect in numbers.placebo.items()
        if abs(effect.z) > _limit(len(numbers.placebo))
    )
    return faults


def cross_fitted_propensity(trial: Trial, *, seed: int, threads: int = 1) -> Doubles:
    """Return each unit's probability of treatment, (n,), by trees that did not see it, as if the arms were of one size.

    Of several strata the arms of each, so that knowing the stratum says nothing; and each stratum weighs what it can
    say, n_treated x n_control / n (overlap weights: Li, Morgan and Zaslavsky 2018). Else one contact among thousands
    would outweigh everybody. Trees of a size for finding rules of targeting, unlike those that look for effects.
    Without covariates nothing tells units apart, and it is .5.
    """
    if not trial.has_covariates:
        return np.full(len(trial), 0.5)
    folds = assign_folds(trial, N_FOLDS, seed)
    propensity = np.empty(len(trial))
    for fold in range(N_FOLDS):
        rows, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        preparation = Preparation.learn(trial.covariates[others])
        training = trial.take(others)
        model = BoostedTrees(
            is_binary=True,
            seed=seed,
            threads=threads,
            n_leaves=int(np.clip(len(others) // 1_000, 4, 31)),
            min_rows_in_leaf=max(20, len(others) // 1_000),
        ).fit(
            preparation.apply(training.covariates),
            training.treatment.astype(np.float64),
            sample_weight=_balancing_weights(training),
        )
        propensity[rows] = model.predict(preparation.apply(trial.covariates[rows]))
    return propensity


def auc_within_strata(trial: Trial, scores: Doubles) -> tuple[float, float]:
    """Return how often a treated unit scores above a control of its own stratum, and what chance alone varies it by.

    The mean of the strata's AUCs by their pairs; the standard deviation is that of a meaningless ranking (Mann and
    Whitney 1947).
    """
    from sklearn.metrics import roc_auc_score

    n_pairs, above, variance = 0.0, 0.0, 0.0
    strata = trial.stratum_of
    for stratum, (n_control, n_treated) in enumerate(count_arms(trial)):
        if not n_control * n_treated:
            continue
        rows = strata == stratum
        pairs = float(n_treated * n_control)
        n_pairs += pairs
        above += pairs * float(roc_auc_score(trial.treatment[rows], scores[rows]))
        variance += pairs**2 * ((n_treated + n_control + 1) / (12 * pairs))
    return above / n_pairs, float(np.sqrt(variance)) / n_pairs


def standardised_differences(trial: Trial) -> Doubles:
    """Return (d,) mean of treated less mean of controls of each covariate, in pooled standard deviations.

    Both within each stratum, weighed by what it can say: n_treated x n_control / n of the units where it is known.
    """
    treated, strata = trial.treatment == 1, trial.stratum_of
    arms_of = [(strata == stratum) & arm for stratum in range(len(count_arms(trial))) for arm in (treated, ~treated)]
    found = np.zeros(len(trial.covariate_names))
    for i, column in enumerate(trial.covariates.T):
        known = np.isfinite(column)
        arms = [column[rows & known] for rows in arms_of]
        pairs = [pair for pair in zip(arms[::2], arms[1::2], strict=True) if min(map(len, pair))]
        if not pairs:
            continue
        weights = np.array([len(one) * len(other) / (len(one) + len(other)) for one, other in pairs])
        weights /= weights.sum()
        gap, variance = 0.0, 0.0
        for weight, (one, other) in zip(weights, pairs, strict=True):
            if max(one.max(), other.max()) == min(one.min(), other.min()):
                continue  # their means differ by rounding alone, which no spread hides
            gap += weight * (one.mean() - other.mean())
            variance += weight * (one.var() + other.var()) / 2
        spread = np.sqrt(variance)
        found[i] = gap / spread if spread > 0 else np.sign(gap) * np.inf if gap else 0.0
    return found


def smd_noise(trial: Trial) -> float:
    """Return the standard deviation by chance of a standardised mean difference: sqrt(1 / n_treated + 1 / n_control).

    Of several strata, of their mean as :func:`standardised_differences` weighs it.
    """
    n_control, n_treated = count_arms(trial).T
    return float(1 / np.sqrt((n_control * n_treated / (n_control + n_treated)).sum()))


_ADVICE = (
    "Hold out a random share of the next campaign's customers, and this can be measured; until then rank by response "
    "and do not call it incremental"
)

_TAKEN_AT_ITS_WORD = (
    "The trial is taken at its word that lots were drawn: it has no covariates, so nothing was compared. Add what was "
    "known of each customer before"
)


def _praise(numbers: GateNumbers) -> str:
    placebo = "".join(
        f", no effect on the earlier {name} ({effect.z:+.1f} standard errors)"
        for name, effect in numbers.placebo.items()
    )
    return (
        f"propensity AUC {numbers.propensity_auc:.3f} (chance reaches {0.5 + numbers.auc_noise:.3f}), "
        f"{numbers.support_share:.0%} of units in common support, largest imbalance {numbers.worst_smd:.3f} "
        f"({numbers.worst_covariate or 'no covariates'}){placebo or ', no placebo outcome was named'}"
    )


def _limit(n: int) -> float:
    """Return the standard errors that the largest of ``n`` differences passes by chance in ``FALSE_ALARMS`` trials."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / 2 / max(n, 1))


def _balancing_weights(trial: Trial) -> Doubles:
    """Return (n,) weights by which both arms of a stratum weigh the same; 0 where a stratum has one arm only."""
    share = share_of_rows(trial)
    has_both = (share > 0) & (share < 1)
    own = np.where(has_both, np.where(trial.treatment == 1, share, 1 - share), 1.0)
    information = share * (1 - share)
    weights: Doubles = np.where(has_both, 0.5 / own * (information / information.max()), 0.0)
    return weights


def _placebo_effect(trial: Trial, past: Doubles) -> AverageEffect:
    """Return the effect on ``past`` adjusted for the covariates, or plain where they add up to ``past`` themselves.

    Adjusting for the thing itself leaves rounding errors, of which some are many times the others.
    """
    known = np.isfinite(past)
    filled = np.where(known, past, past[known].mean() if known.any() else 0.0)
    if trial.strata is not None:
        adjusted = effect_within_strata(trial, filled)
        plain = effect_within_strata(trial.without(trial.covariate_names), filled)
    else:
        adjusted, plain = adjusted_effect(trial, filled), difference_in_means(trial, filled)
    return adjusted if adjusted.standard_error > 1e-6 * plain.standard_error else plain
