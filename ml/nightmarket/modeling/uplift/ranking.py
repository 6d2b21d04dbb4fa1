"""Whether a trial's effects differ enough between units to rank them, and by which learner. Else: all, or none.

A lottery proves an average effect; that some gain more than others is a further claim, which on many campaigns does
not hold. There an uplift score is noise, and noise that looks like a score costs money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.uplift.average_effects import AverageEffect, adjusted_effect
from nightmarket.modeling.uplift.learners import BASELINES, DEFAULT, LEARNERS, Fit
from nightmarket.modeling.uplift.qini import draw_qini, qini_coefficient
from nightmarket.modeling.uplift.trial import Doubles, Trial, assign_folds

N_FOLDS = 5
MIN_SHARE_OF_DRAWS = 0.9
"""Bootstrap draws in which a learner must rank better than the response model does. With half of them, every third
training half of the Hillstrom men's arm would rank, and lose."""
RANK, ALL, NONE, OPEN = "rank by uplift", "contact all", "contact none", "not proven either way"


@dataclass(frozen=True)
class RankingDecision:
    """What to do with the trial's treatment, and why.

    Parameters
    ----------
    policy : ``RANK``, or, where ranking is declined, ``ALL`` or ``NONE`` where the average effect's interval lies above
        or below 0, and ``OPEN`` where it holds 0: a small trial that proves no effect does not prove that there is none
    learner : the one chosen, whether or not it is used
    qini : its cross-fitted normalised Qini coefficient
    interval : of that
    response_qini, gain : the response model's coefficient, and the paired interval of the learner's gain over it
    share_better : share of draws in which that gain is above 0
    by_learner : cross-fitted coefficient of every learner and baseline
    average : the adjusted average effect
    """

    policy: str
    reason: str
    learner: str
    qini: float
    interval: Interval
    response_qini: float
    gain: Interval
    share_better: float
    by_learner: Mapping[str, float]
    average: AverageEffect

    @property
    def ranks(self) -> bool:
        return self.policy == RANK


def decide_ranking(
    trial: Trial, *, seed: int, threads: int = 1, learners: Mapping[str, Fit] = LEARNERS, n_folds: int = N_FOLDS
) -> RankingDecision:
    """Cross-fit every learner, choose one, and accept its ranking only where it is proven to be one.

    Notes
    -----
    The default learner is chosen unless another ranks better by a paired interval above 0: the best of many is mostly
    the luckiest, and taking it loses more than the best is ahead. Without the default among ``learners`` their first
    is the default.

    Of the chosen one two things are asked: the interval of its Qini coefficient lies above 0, and in nine of ten draws
    it ranks better than the response model does, which is there without any uplift model. Choice and proof use the
    same folds, so the proof flatters a little; the second demand is what a lucky learner fails.
    """
    scores = cross_fit(trial, {**learners, **BASELINES}, seed=seed, threads=threads, n_folds=n_folds)
    found = {name: qini_coefficient(trial, values) for name, values in scores.items()}
    default = DEFAULT if DEFAULT in learners else next(iter(learners))
    rivals = sorted((name for name in learners if found[name] > found[default]), key=lambda name: -found[name])
    names = ["response", default, *rivals]
    drawn = dict(zip(names, draw_qini(trial, [scores[name] for name in names], seed=seed), strict=True))
    better = [name for name in rivals if Interval.of(drawn[name] - drawn[default]).low > 0]
    best = better[0] if better else default
    draws = drawn[best], drawn["response"]
    interval, gain = Interval.of(draws[0]), Interval.of(draws[0] - draws[1])
    share_better = float(np.mean(draws[0] > draws[1]))
    average = adjusted_effect(trial)
    said = f"{best} has a Qini coefficient of {found[best]:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
    against = f"the response model {found['response']:.3f}, which it beats in {share_better:.0%} of draws"
    if interval.low > 0 and share_better >= MIN_SHARE_OF_DRAWS:
        policy, reason = RANK, f"{said}, {against}: some gain more than others, and the model knows whom."
    else:
        policy = _policy(average)
        doubt = "its interval holds 0" if interval.low <= 0 else "not proven to rank better than response does"
        reason = f"Declines to rank: {said}, {against}; {doubt}. {_advice(average, trial.outcome_name)}"
    return RankingDecision(
        policy, reason, best, found[best], interval, found["response"], gain, share_better, found, average
    )


def decide_for_all(trial: Trial) -> tuple[str, str]:
    """Return the policy and the reason of a trial without covariates: nobody can be told from anybody else."""
    average = adjusted_effect(trial)
    return _policy(average), (
        "Nobody can be ranked without covariates: nothing that was known before tells one customer from another. "
        f"{_advice(average, trial.outcome_name)}"
    )


def cross_fit(
    trial: Trial, fits: Mapping[str, Fit], *, seed: int, threads: int = 1, n_folds: int = N_FOLDS
) -> dict[str, Doubles]:
    """Return each model's scores, (n,), of units it did not see, as mid-ranks within the fold, 0 to 1.

    Ranks, because the folds' models differ in level: without it, a fold would outrank another by luck.
    """
    folds = assign_folds(trial, n_folds, seed)
    scores = {name: np.empty(len(trial)) for name in fits}
    for fold in range(n_folds):
        rows = np.flatnonzero(folds == fold)
        training = trial.take(np.flatnonzero(folds != fold))
        for name, fit in fits.items():
            scores[name][rows] = _mid_ranks(fit(training, seed + fold, threads).predict(trial.covariates[rows]))
    return scores


def _mid_ranks(values: Doubles) -> Doubles:
    ranked = np.sort(values)
    below, upto = (np.searchsorted(ranked, values, side=side) for side in ("left", "right"))
    ranks: Doubles = (below + upto) / (2 * len(values))
    return ranks


def _policy(average: AverageEffect) -> str:
    return ALL if average.low > 0 else NONE if average.high < 0 else OPEN


def _advice(average: AverageEffect, outcome_name: str) -> str:
    effect = f"the average effect on {outcome_name} is {average.effect:+.4g} [{average.low:+.4g}, {average.high:+.4g}]"
    if average.low > 0:
        return f"Contact all where that is worth the contact, or none: {effect}"
    if average.high < 0:
        return f"Contact none: {effect}, which is below 0"
    return (
        f"Not proven either way: {effect}, which holds 0. A contact that has to bring more than {average.high:.4g} "
        "to pay does not; else a larger trial has to say"
    )
