"""The causal gate accepts a lottery and refuses targeting, with a reason that can be read out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.ml.modeling.uplift.conftest import simulated, tiny

from nightmarket.modeling.uplift.gate import hold_causal_gate, standardised_differences
from nightmarket.modeling.uplift.trial import Trial


@pytest.mark.parametrize("seed", range(5))
def test_a_lottery_is_accepted(seed: int) -> None:
    gate = hold_causal_gate(simulated(seed=seed), seed=0)
    assert gate.accepted, gate.reason
    assert gate.numbers.propensity_auc == pytest.approx(0.5, abs=gate.numbers.auc_noise)
    assert gate.numbers.support_share == 1


def test_a_lottery_that_holds_out_a_twentieth_is_accepted() -> None:
    trial = simulated(8_000)
    few = np.flatnonzero((trial.treatment == 1) | (np.arange(8_000) % 18 == 0))
    gate = hold_causal_gate(trial.take(few), seed=0)
    assert gate.accepted, gate.reason
    assert trial.take(few).treated_share > 0.94


def test_targeting_by_habit_is_refused_on_every_ground() -> None:
    gate = hold_causal_gate(simulated(targeted=True), seed=0)
    assert not gate.accepted
    assert gate.numbers.propensity_auc > 0.9
    assert gate.numbers.worst_covariate == "habit"
    for ground in ("propensity AUC", "have their like in both arms", "habit most"):
        assert ground in gate.reason
    assert "Hold out a random share" in gate.reason


def test_an_effect_on_the_past_is_refused_though_the_covariates_balance(trial: Trial) -> None:
    past = trial.placebo_outcomes["earlier spend"] + 0.5 * trial.treatment
    gate = hold_causal_gate(replace(trial, placebo_outcomes={"earlier spend": past}), seed=0)
    assert not gate.accepted
    assert "seems to change earlier spend, which came before it" in gate.reason


@pytest.mark.parametrize("seed", range(5))
def test_a_placebo_outcome_that_is_a_covariate_under_another_name_refuses_no_lottery(seed: int) -> None:
    trial = simulated(seed=seed)
    habit = trial.covariates[:, 1]
    gate = hold_causal_gate(replace(trial, placebo_outcomes={"the same": habit, "twice": 2 * habit + 1}), seed=0)
    assert gate.accepted, gate.reason
    assert gate.numbers.placebo["the same"].standard_error == pytest.approx(2 / np.sqrt(len(trial)), rel=0.1)


def test_without_a_placebo_outcome_the_reason_says_so(trial: Trial) -> None:
    assert "no placebo outcome was named" in hold_causal_gate(replace(trial, placebo_outcomes={}), seed=0).reason


def test_a_standardised_difference_is_in_pooled_standard_deviations_of_known_values() -> None:
    covariates = np.array([[1.0, 5], [3, 5], [np.nan, 5], [0, 5], [2, 5]])
    trial = tiny([1, 1, 1, 0, 0], [1, 0, 0, 1, 0], covariates=covariates, covariate_names=("a", "constant"))
    np.testing.assert_allclose(standardised_differences(trial), [1.0, 0.0])
