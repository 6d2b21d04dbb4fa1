"""Uplift on the shop's own campaigns: an estimator where a holdout proves it, and a refusal elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.ml.modeling.uplift.conftest import simulated

from nightmarket.modeling.uplift.campaigns import CampaignRows, CampaignUplift, UpliftRefused, fit_campaign_uplift
from nightmarket.modeling.uplift.trial import Trial


def _rows(trial: Trial) -> CampaignRows:
    return CampaignRows(
        customer_ids=trial.unit_ids,
        campaign_ids=np.full(len(trial), "spring", object),
        is_treated=trial.treatment == 1,
        outcome=trial.outcome,
        outcome_name="visit",
        covariates=trial.covariates,
        covariate_names=trial.covariate_names,
        past_outcomes=trial.placebo_outcomes["earlier spend"],
    )


def test_a_holdout_by_lot_gives_an_estimator_that_ranks(trial: Trial) -> None:
    fitted = fit_campaign_uplift(_rows(trial), seed=0)
    assert isinstance(fitted, CampaignUplift)
    effects = fitted.predict(np.array([[1.0, 0, 0], [-1.0, 0, np.nan]]))
    assert effects[0] > effects[1] + 0.1


def test_where_nobody_differs_everybody_is_expected_the_average_effect() -> None:
    fitted = fit_campaign_uplift(_rows(simulated(effect_where_keen=0.15, effect_elsewhere=0.15, seed=4)), seed=0)
    assert isinstance(fitted, CampaignUplift)
    assert fitted.learner is None
    np.testing.assert_allclose(fitted.predict(np.zeros((2, 3))), fitted.ranking.average.effect)
    assert fitted.ranking.average.effect == pytest.approx(0.15, abs=0.05)


def test_a_trial_that_proves_no_effect_settles_only_what_lies_beyond_its_interval() -> None:
    fitted = fit_campaign_uplift(_rows(simulated(effect_where_keen=0.0, seed=4)), seed=0)
    assert isinstance(fitted, CampaignUplift)
    average = fitted.ranking.average
    assert average.low < 0 < average.high
    assert not fitted.settles(average.high - 0.001)
    assert fitted.settles(average.high + 0.001)
    np.testing.assert_array_equal(fitted.predict(np.zeros((2, 3))), [0, 0])


def test_a_trial_that_proves_an_effect_settles_every_campaign(trial: Trial) -> None:
    helps = simulated(effect_where_keen=0.15, effect_elsewhere=0.15, seed=4)
    harms = simulated(effect_where_keen=-0.15, effect_elsewhere=-0.15, seed=4)
    for one in (trial, helps, harms):
        fitted = fit_campaign_uplift(_rows(one), seed=0)
        assert isinstance(fitted, CampaignUplift)
        assert fitted.settles(0.001)
        assert fitted.settles(9.0)
    assert fitted.predict(np.zeros((1, 3)))[0] == pytest.approx(-0.15, abs=0.05)


def test_targeted_contacts_are_refused() -> None:
    refused = fit_campaign_uplift(_rows(simulated(targeted=True)), seed=0)
    assert isinstance(refused, UpliftRefused)
    assert refused.gate is not None
    assert "No effect can be proven here" in refused.reason


def test_without_a_holdout_or_with_too_small_a_one_it_is_refused(trial: Trial) -> None:
    everyone = fit_campaign_uplift(replace(_rows(trial), is_treated=np.ones(len(trial), bool)), seed=0)
    assert isinstance(everyone, UpliftRefused)
    assert "Nobody was held out" in everyone.reason
    few = fit_campaign_uplift(replace(_rows(trial), is_treated=np.arange(len(trial)) > 50), seed=0)
    assert isinstance(few, UpliftRefused)
    assert "Got 51 control rows but expected at least 200." in few.reason
