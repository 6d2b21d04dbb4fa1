"""Ranking is used where it is proven, and declined, with what to do instead, where it is not."""

from __future__ import annotations

import pytest
from tests.ml.modeling.uplift.conftest import simulated

from nightmarket.modeling.uplift.learners import LEARNERS
from nightmarket.modeling.uplift.protocol import measure
from nightmarket.modeling.uplift.ranking import ALL, NONE, OPEN, RANK, decide_ranking
from nightmarket.modeling.uplift.trial import Trial

FEW = {name: LEARNERS[name] for name in ("s_trees", "t_linear")}


def test_effects_that_differ_are_ranked(trial: Trial) -> None:
    decision = decide_ranking(trial, seed=0, learners=FEW)
    assert decision.policy == RANK
    assert decision.ranks
    assert decision.interval.low > 0
    assert decision.qini > decision.response_qini
    assert set(decision.by_learner) == {"s_trees", "t_linear", "random", "response"}


@pytest.mark.parametrize(("effect", "policy"), [(0.15, ALL), (0.0, OPEN), (-0.15, NONE)])
def test_one_effect_for_everybody_is_not_ranked_but_contacted_or_not(effect: float, policy: str) -> None:
    same = simulated(effect_where_keen=effect, effect_elsewhere=effect, seed=4)
    decision = decide_ranking(same, seed=0, learners=FEW)
    assert decision.policy == policy
    assert decision.reason.startswith("Declines to rank")
    assert f"the average effect on visit is {decision.average.effect:+.4g}" in decision.reason


def test_the_same_seed_decides_the_same(trial: Trial) -> None:
    assert decide_ranking(trial, seed=3, learners=FEW) == decide_ranking(trial, seed=3, learners=FEW)


def test_random_halves_measure_the_choice_of_the_training_half_on_the_other() -> None:
    # Of the contacted as many others come as keen ones: response alone does not know whom the contact changed.
    trial = simulated(more_elsewhere=0.3)
    measured = measure(trial, seeds=[0, 1], learners=FEW)
    assert [half.seed for half in measured.halves] == [0, 1]
    assert measured.ranked_share == 1
    assert measured.qini > measured.of("response")
    assert abs(measured.of("random")) < 0.1
    assert all(half.interval.low < half.chosen_qini < half.interval.high for half in measured.halves)
