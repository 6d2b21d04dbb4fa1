"""A campaign as a trial: adjusted without bias, refused where it is too small, silent where the split is broken."""

from __future__ import annotations

import numpy as np
import pytest

from nightmarket.errors import CampaignNotMeasurable
from nightmarket.modeling.measuring.compliance import Compliance
from nightmarket.modeling.measuring.cuped import adjust
from nightmarket.modeling.measuring.effects import measure_effects
from nightmarket.modeling.measuring.result import describe_compliance, describe_effect, describe_split
from nightmarket.modeling.measuring.split import compare_with_plan
from nightmarket.modeling.measuring.trial import MIN_ARM, Trial, validate_sizes

UNRECORDED = Compliance(900, None, 100, None)


def trial_of(n_treated: int, n_holdout: int, *, lift: float = 2.0) -> Trial:
    """Return customers who spend again what they spent before, and ``lift`` more where contacted."""
    n = n_treated + n_holdout
    is_treated = np.arange(n) < n_treated
    before = np.random.default_rng(3).lognormal(3, 1, n)
    return Trial(
        is_treated=is_treated,
        responded=is_treated & (np.arange(n) % 2 == 0),
        revenue=before + lift * is_treated,
        covariates=np.column_stack([before, np.ones(n)]),
    )


def test_what_was_spent_before_is_taken_out() -> None:
    trial = trial_of(180, 60)
    response, revenue = measure_effects(trial)
    assert (response.measure, revenue.measure) == ("response", "revenue")
    # Spend foretells spend exactly, so nothing but the lift is left; a covariate that never varies does no harm.
    assert revenue.effect == pytest.approx(2.0)
    assert revenue.theta == pytest.approx(1.0)
    assert revenue.variance_reduction_pct == pytest.approx(100.0)
    assert revenue.total_effect == pytest.approx(360.0)
    assert response.treated_mean == 0.5
    assert response.holdout_mean == 0.0


def test_without_adjustment_the_effect_is_the_difference_of_the_means() -> None:
    _, revenue = measure_effects(trial_of(180, 60), is_adjusted=False)
    assert revenue.effect == pytest.approx(revenue.treated_mean - revenue.holdout_mean)
    assert (revenue.theta, revenue.variance_reduction_pct) == (0.0, 0.0)


def test_the_adjustment_keeps_the_mean_over_both_arms() -> None:
    trial = trial_of(180, 60)
    assert adjust(trial.revenue, trial.is_treated, trial.covariates).values.mean() == pytest.approx(
        trial.revenue.mean()
    )


def test_a_shop_without_responses_is_measured_by_revenue_alone() -> None:
    whole = trial_of(180, 60)
    without = Trial(whole.is_treated, None, whole.revenue, whole.covariates)
    assert [effect.measure for effect in measure_effects(without)] == ["revenue"]


@pytest.mark.parametrize(("n_treated", "n_holdout", "small"), [(300, MIN_ARM - 1, "held out"), (5, 300, "contacted")])
def test_an_arm_that_is_too_small_is_refused(n_treated: int, n_holdout: int, small: str) -> None:
    with pytest.raises(CampaignNotMeasurable, match=f"{small} but expected at least {MIN_ARM}: .* Raise holdout_pct"):
        validate_sizes(trial_of(n_treated, n_holdout), "spring")


def test_a_split_as_planned_is_told_with_its_verdict() -> None:
    trial = trial_of(905, 95)
    split = compare_with_plan(trial, np.full(1000, 0.1))
    compliance = Compliance(905, 724, 95, 4)
    response, _ = measure_effects(trial)
    assert split.is_as_planned
    assert response.verdict(split, compliance) == "increase"
    assert describe_split(split, 1000) == "split     95 of 1000 held out, 100 expected (p = 0.598): as planned"
    assert describe_effect(response, split, compliance) == (
        "response  contacted 50.06 %, held out 0.00 %; effect 49.84 % per customer (95 %: 44.77 % to 53.08 %), "
        "+451 responses in all: increase"
    )
    assert describe_compliance(compliance, 45.25) == (
        "contacts  724 of 905 to be contacted were, and 4 of 95 held out: as decided; cost 45.25"
    )


@pytest.mark.parametrize(
    "compliance", [Compliance(905, 1, 95, 0), Compliance(905, 723, 95, 0), Compliance(905, 905, 95, 5)]
)
def test_a_campaign_that_was_not_sent_as_decided_claims_nothing(compliance: Compliance) -> None:
    trial = trial_of(905, 95)
    split = compare_with_plan(trial, np.full(1000, 0.1))
    response, revenue = measure_effects(trial)
    assert {response.verdict(split, compliance), revenue.verdict(split, compliance)} == {"not sent as decided"}
    assert not response.is_significant(split, compliance)
    said = "NOT as decided (at least 80% and at most 5%): nothing is claimed"
    assert said in describe_compliance(compliance, 45.25)


def test_a_shop_that_records_no_contacts_is_taken_at_its_word() -> None:
    assert UNRECORDED.is_as_decided
    assert describe_compliance(UNRECORDED, 3.0) == "contacts  are not recorded; cost 3.00"


def test_a_split_that_chance_cannot_explain_claims_nothing() -> None:
    trial = trial_of(900, 100)
    split = compare_with_plan(trial, np.full(1000, 0.2))
    assert split.p_value < 1e-9
    response, revenue = measure_effects(trial)
    assert {response.verdict(split, UNRECORDED), revenue.verdict(split, UNRECORDED)} == {"split not as planned"}
    assert not response.is_significant(split, UNRECORDED)
    assert "NOT as planned" in describe_split(split, 1000)


def test_shares_planned_customer_by_customer_add_up() -> None:
    trial = trial_of(850, 150)
    split = compare_with_plan(trial, np.repeat([0.1, 0.2], 500))
    assert (split.expected_holdout, split.p_value) == (pytest.approx(150.0), pytest.approx(1.0))
