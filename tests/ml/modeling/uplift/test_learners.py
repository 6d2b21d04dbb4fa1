"""Every learner finds the customers whom a contact changes, in the effect's own unit."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ml.modeling.uplift.conftest import simulated

from nightmarket.modeling.uplift.learners import BASELINES, LEARNERS
from nightmarket.modeling.uplift.qini import qini_coefficient
from nightmarket.modeling.uplift.trial import Trial


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_a_learner_ranks_new_customers_by_what_the_contact_changes(name: str, trial: Trial) -> None:
    new = simulated(seed=2)
    effects = LEARNERS[name](trial, 0, 1).predict(new.covariates)
    keen = new.covariates[:, 0] > 0
    assert effects.shape == (len(new),)
    assert effects[keen].mean() - effects[~keen].mean() > 0.15  # the truth is .3; all learners shrink
    assert effects.mean() == pytest.approx(0.15, abs=0.05)
    assert qini_coefficient(new, effects) > qini_coefficient(
        new, BASELINES["response"](trial, 0, 1).predict(new.covariates)
    )


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_fitting_twice_gives_the_same_bytes(name: str, trial: Trial) -> None:
    once, again = (LEARNERS[name](trial, 7, 1).predict(trial.covariates) for _ in range(2))
    assert once.tobytes() == again.tobytes()


@pytest.mark.parametrize("name", ["s_trees", "t_linear", "x_trees", "dr_linear"])
def test_an_amount_is_an_outcome_too(name: str) -> None:
    trial = simulated()
    amounts = Trial(
        trial.unit_ids,
        trial.covariates,
        trial.covariate_names,
        trial.treatment,
        trial.outcome * (20 + trial.covariates[:, 1]),
        "spend",
    )
    effects = LEARNERS[name](amounts, 0, 1).predict(amounts.covariates)
    keen = amounts.covariates[:, 0] > 0
    assert effects[keen].mean() - effects[~keen].mean() > 3  # of 6


def test_the_response_model_ranks_by_who_comes_not_by_whom_the_contact_changes() -> None:
    trial = simulated(effect_where_keen=0.0)  # the contact changes nobody
    response = BASELINES["response"](trial, 0, 1).predict(trial.covariates)
    assert np.corrcoef(response, trial.covariates[:, 1])[0, 1] > 0.8


def test_the_random_order_is_the_seeds() -> None:
    trial = simulated(500)
    first, same, other = (BASELINES["random"](trial, seed, 1).predict(trial.covariates) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()
