"""Meta-learners behind one interface, and the two baselines that every uplift model has to beat.

S, T and X after Künzel et al. (2019), "Metalearners for estimating heterogeneous treatment effects using machine
learning"; DR after Kennedy (2020), "Towards optimal doubly robust estimation of heterogeneous causal effects". All
four are econml's; the models inside are ours. Importing econml takes 1.3 s, of which numba (imported by its sparse
arrays, nothing is compiled) is most: so it is imported when a learner is fitted, never before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nightmarket.modeling.uplift.base_models import BoostedTrees, KnownShare, RegularisedRegression
from nightmarket.modeling.uplift.preparing import Preparation
from nightmarket.modeling.uplift.trial import Doubles, Trial


class FittedUplift(Protocol):
    """Tells what a treatment would change, or, of a baseline, whom it would treat first."""

    def predict(self, covariates: Doubles) -> Doubles:
        """Return (n,) scores of (n, d) covariates in the trial's columns: effects on the outcome, in its unit."""
        ...


Fit = Callable[[Trial, int, int], FittedUplift]
"""``fit(trial, seed, threads)``."""
_Base = Callable[[bool], Any]
"""Makes a model of a 0/1 outcome (True) or of an amount (False)."""


@dataclass(frozen=True)
class MetaLearner:
    """A fitted learner of econml, after the covariates were made ready as they were in training."""

    preparation: Preparation
    estimator: Any

    def predict(self, covariates: Doubles) -> Doubles:
        return np.asarray(self.estimator.effect(self.preparation.apply(covariates)), np.float64).ravel()


@dataclass(frozen=True)
class MeanOfLearners:
    """The mean of the effects that several learners tell: trees find thresholds, lines find slopes."""

    learners: tuple[FittedUplift, ...]

    def predict(self, covariates: Doubles) -> Doubles:
        return np.asarray(np.mean([learner.predict(covariates) for learner in self.learners], axis=0), np.float64)


@dataclass(frozen=True)
class ResponseModel:
    """Ranks by the outcome expected of treated units: what a campaign without a control group can learn."""

    preparation: Preparation
    model: Any

    def predict(self, covariates: Doubles) -> Doubles:
        return np.asarray(self.model.predict(self.preparation.apply(covariates)), np.float64)


@dataclass(frozen=True)
class RandomOrder:
    """Ranks by a coin: what a Qini coefficient of 0 looks like on this many units."""

    seed: int

    def predict(self, covariates: Doubles) -> Doubles:
        return np.random.default_rng(self.seed).random(len(covariates))


def fit_random(trial: Trial, seed: int, threads: int) -> RandomOrder:  # noqa: ARG001 - one interface
    return RandomOrder(seed)


def fit_response(trial: Trial, seed: int, threads: int) -> ResponseModel:
    """Fit the response model on the treated units, with the linear base model."""
    del seed, threads  # one interface
    treated = trial.treatment == 1
    preparation = Preparation.learn(trial.covariates[treated])
    model = RegularisedRegression(is_binary=trial.is_binary)
    return ResponseModel(preparation, model.fit(preparation.apply(trial.covariates[treated]), trial.outcome[treated]))


def fit_s_trees(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """Fit one model with the treatment among its columns; trees alone find where it matters."""
    from econml.metalearners import SLearner

    return _fit(trial, SLearner(overall_model=_trees(seed, threads)(trial.is_binary)))


def fit_t_linear(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """Fit a linear model per arm and subtract."""
    del seed, threads
    return _fit_t(trial, _linear)


def fit_t_trees(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """Fit trees per arm and subtract."""
    return _fit_t(trial, _trees(seed, threads))


def fit_x_linear(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """Fit each arm, impute each unit's effect from the other arm, and fit the effects."""
    del seed, threads
    return _fit_x(trial, _linear)


def fit_x_trees(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """As :func:`fit_x_linear`, with trees."""
    return _fit_x(trial, _trees(seed, threads))


def fit_dr_linear(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """Fit doubly robust effects, cross-fitted, whose outcome models are linear."""
    return _fit_dr(trial, _linear, seed, threads)


def fit_dr_trees(trial: Trial, seed: int, threads: int) -> MetaLearner:
    """As :func:`fit_dr_linear`, with trees."""
    return _fit_dr(trial, _trees(seed, threads), seed, threads)


def fit_mean(trial: Trial, seed: int, threads: int) -> MeanOfLearners:
    """Fit the S-learner of trees and the linear T-learner, which err in different places."""
    return MeanOfLearners((fit_s_trees(trial, seed, threads), fit_t_linear(trial, seed, threads)))


LEARNERS: dict[str, Fit] = {
    "mean_s_t": fit_mean,
    "s_trees": fit_s_trees,
    "t_linear": fit_t_linear,
    "t_trees": fit_t_trees,
    "x_linear": fit_x_linear,
    "x_trees": fit_x_trees,
    "dr_linear": fit_dr_linear,
    "dr_trees": fit_dr_trees,
}
"""Every candidate. A linear S-learner is none: without interactions it ranks as the response model does."""

DEFAULT = "mean_s_t"
"""Taken where no other is proven better."""

BASELINES: dict[str, Fit] = {"random": fit_random, "response": fit_response}


def _linear(is_binary: bool) -> Any:
    return RegularisedRegression(is_binary=is_binary)


def _trees(seed: int, threads: int) -> _Base:
    return lambda is_binary: BoostedTrees(is_binary=is_binary, seed=seed, threads=threads)


def _fit_t(trial: Trial, base: _Base) -> MetaLearner:
    from econml.metalearners import TLearner

    return _fit(trial, TLearner(models=base(trial.is_binary)))


def _fit_x(trial: Trial, base: _Base) -> MetaLearner:
    from econml.metalearners import XLearner

    learner = XLearner(models=base(trial.is_binary), cate_models=base(False), propensity_model=KnownShare())
    return _fit(trial, learner)


def _fit_dr(trial: Trial, base: _Base, seed: int, threads: int) -> MetaLearner:
    """Fit econml's DRLearner; its outcome model sees covariates and treatment, so that of trees is an S-learner."""
    del threads
    from econml.dr import DRLearner

    learner = DRLearner(
        model_propensity=KnownShare(),
        model_regression=base(False),  # econml asks a regressor of it, also of a 0/1 outcome
        model_final=base(False),
        cv=2,
        random_state=seed,
    )
    return _fit(trial, learner)


def _fit(trial: Trial, learner: Any) -> MetaLearner:
    preparation = Preparation.learn(trial.covariates)
    learner.fit(trial.outcome, trial.treatment, X=preparation.apply(trial.covariates))
    return MetaLearner(preparation, learner)
