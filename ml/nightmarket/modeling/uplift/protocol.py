"""The protocol by which uplift is measured: random halves, choice on one, normalised Qini on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.uplift.learners import BASELINES, LEARNERS, Fit
from nightmarket.modeling.uplift.qini import auuc, draw_qini, qini_coefficient
from nightmarket.modeling.uplift.ranking import RankingDecision, decide_ranking
from nightmarket.modeling.uplift.trial import Trial, split_in_halves

N_INNER_FOLDS = 3


@dataclass(frozen=True)
class Half:
    """One split: what the training half chose, and what every model reached on the test half."""

    seed: int
    chosen: RankingDecision
    qini: Mapping[str, float]
    auuc: Mapping[str, float]
    interval: Interval
    gain: Interval

    @property
    def chosen_qini(self) -> float:
        """Test coefficient of the learner that the training half chose, whether or not it would rank."""
        return self.qini[self.chosen.learner]


@dataclass(frozen=True)
class Measured:
    """All splits of one trial."""

    halves: tuple[Half, ...]

    @property
    def qini(self) -> float:
        """Mean over splits of the chosen learner's test coefficient."""
        return float(np.mean([half.chosen_qini for half in self.halves]))

    @property
    def auuc(self) -> float:
        return float(np.mean([half.auuc[half.chosen.learner] for half in self.halves]))

    @property
    def ranked_share(self) -> float:
        """Share of splits whose training half accepted a ranking."""
        return float(np.mean([half.chosen.ranks for half in self.halves]))

    def of(self, name: str) -> float:
        """Return the mean test coefficient of one learner or baseline, taken in every split."""
        return float(np.mean([half.qini[name] for half in self.halves]))

    def inside(self, name: str) -> float:
        """Return the mean coefficient of one learner on inner folds of the training halves: what choices may see."""
        return float(np.mean([half.chosen.by_learner[name] for half in self.halves]))

    @property
    def spread(self) -> float:
        """Standard deviation of the chosen learner's coefficient over splits."""
        return float(np.std([half.chosen_qini for half in self.halves]))


def measure(
    trial: Trial,
    *,
    seeds: Sequence[int],
    threads: int = 1,
    learners: Mapping[str, Fit] = LEARNERS,
    say: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Split once per seed; choose on inner folds of the training half, fit on all of it, measure on the test half.

    The test half has no part in the choice. Intervals are of one split's bootstrap; halves of different splits share
    units, so their spread says how much a split moves the figure, not how far it is known.
    """
    halves, models = [], {**learners, **BASELINES}
    for seed in seeds:
        training, test = (trial.take(rows) for rows in split_in_halves(trial, seed))
        chosen = decide_ranking(training, seed=seed, threads=threads, learners=learners, n_folds=N_INNER_FOLDS)
        scores = {name: fit(training, seed, threads).predict(test.covariates) for name, fit in models.items()}
        draws = draw_qini(test, [scores[chosen.learner], scores["response"]], seed=seed)
        half = Half(
            seed=seed,
            chosen=chosen,
            qini={name: qini_coefficient(test, values) for name, values in scores.items()},
            auuc={name: auuc(test, values) for name, values in scores.items()},
            interval=Interval.of(draws[0]),
            gain=Interval.of(draws[0] - draws[1]),
        )
        halves.append(half)
        say(f"split {seed}: {chosen.policy}; {chosen.learner} {half.chosen_qini:.4f}")
    return Measured(tuple(halves))
