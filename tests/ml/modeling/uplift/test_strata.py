"""Several lotteries judged together: each is held against itself, whatever tells them apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nightmarket.modeling.uplift.average_effects import effect_within_strata
from nightmarket.modeling.uplift.gate import (
    auc_within_strata,
    cross_fitted_propensity,
    hold_causal_gate,
    smd_noise,
    standardised_differences,
)
from nightmarket.modeling.uplift.strata import count_arms, draw_one_lottery
from nightmarket.modeling.uplift.trial import Trial

from .conftest import simulated, tiny

SHARES = (0.5, 0.5, 0.4, 0.2, 0.1, 0.05)
SEASON = np.array([9.0, 8, 12, 0, 0, 3])
"""What everybody spent more before a campaign, which no other column tells."""


def campaigns(*, seed: int = 1, hangs_on_habit: float = 0.0, shares: tuple[float, ...] = SHARES) -> Trial:
    """Six campaigns of 1,000 customers, each drawn at a share of its own; later ones know customers longer.

    A contact brings 2; later campaigns bring more anyway. ``hangs_on_habit`` is by how much the log-odds of a contact
    grow with each standard deviation of habit, in every campaign.
    """
    generator = np.random.default_rng(seed)
    n, n_customers = 1_000 * len(shares), 1_500
    campaign = np.repeat(np.arange(len(shares)), 1_000)
    customer = np.concatenate([generator.permutation(n_customers)[:1_000] for _ in shares])
    habit = generator.normal(size=n_customers)[customer] + 0.3 * generator.normal(size=n)
    days_known = 28.0 * campaign + generator.integers(0, 28, n)
    share = np.array(shares)[campaign]
    chance = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + hangs_on_habit * habit)))
    treatment = (generator.random(n) < chance).astype(np.int64)
    return Trial(
        unit_ids=customer.astype(object),
        covariates=np.column_stack([habit, days_known, campaign / 7]),
        covariate_names=("habit", "days_known", "campaign's own"),
        treatment=treatment,
        outcome=10 + 3 * habit + 5 * campaign + 2 * treatment + generator.normal(size=n),
        outcome_name="sales",
        placebo_outcomes={"earlier sales": 3 * habit + SEASON[campaign] + generator.normal(size=n)},
        strata=campaign.astype(np.int64),
    )


@pytest.mark.parametrize("seed", range(5))
def test_lotteries_of_unequal_shares_are_accepted_together(seed: int) -> None:
    gate = hold_causal_gate(campaigns(seed=seed), seed=0)
    assert gate.accepted, gate.reason
    assert gate.numbers.support_share == 1


def test_without_strata_the_same_rows_are_refused() -> None:
    gate = hold_causal_gate(replace(campaigns(), strata=None), seed=0)
    assert not gate.accepted
    for ground in ("propensity AUC", "covariates differ", "seems to change earlier sales"):
        assert ground in gate.reason


@pytest.mark.parametrize("shares", [SHARES, (0.3,) * 6])
def test_contacts_that_hang_on_a_covariate_within_each_campaign_are_refused(shares: tuple[float, ...]) -> None:
    gate = hold_causal_gate(campaigns(hangs_on_habit=0.5, shares=shares), seed=0)
    assert not gate.accepted
    assert gate.numbers.worst_covariate == "habit"
    for ground in ("propensity AUC", "habit most"):
        assert ground in gate.reason


def test_what_happened_before_within_a_campaign_is_still_a_placebo() -> None:
    trial = campaigns()
    past = trial.placebo_outcomes["earlier sales"] + 0.5 * trial.treatment
    gate = hold_causal_gate(replace(trial, placebo_outcomes={"earlier sales": past}), seed=0)
    assert not gate.accepted
    assert "seems to change earlier sales" in gate.reason
    assert "propensity AUC" not in gate.reason


def test_a_campaign_with_a_single_contact_moves_nothing() -> None:
    trial = campaigns(shares=(0.5, 0.5, 0.5))
    single = np.flatnonzero((trial.strata == 2) & (trial.treatment == 1))[1:]
    gate = hold_causal_gate(trial.take(np.setdiff1d(np.arange(len(trial)), single)), seed=0)
    assert gate.accepted, gate.reason
    assert gate.numbers.support_share > 0.99


def test_a_single_stratum_is_judged_as_none_is() -> None:
    trial = simulated(targeted=True)
    one = replace(trial, strata=np.zeros(len(trial), np.int64))
    np.testing.assert_array_equal(standardised_differences(one), standardised_differences(trial))
    np.testing.assert_array_equal(cross_fitted_propensity(one, seed=0), cross_fitted_propensity(trial, seed=0))
    n_treated = int(trial.treatment.sum())
    assert smd_noise(one) == pytest.approx(np.sqrt(1 / n_treated + 1 / (len(trial) - n_treated)))


def test_units_are_ranked_against_controls_of_their_own_stratum() -> None:
    trial = tiny([1, 0, 1, 0, 0, 0], [0] * 6, strata=np.array([0, 0, 1, 1, 1, 2]))
    # The first stratum's pair is in order, one of the second's two is; the third has no pair.
    auc, deviation = auc_within_strata(trial, np.array([0.9, 0.8, 0.2, 0.1, 0.3, 0.0]))
    assert auc == pytest.approx(2 / 3)
    assert deviation == pytest.approx(np.sqrt(3 / 12 + 2 * 4 / 12) / 3)


def test_a_covariate_that_only_tells_the_strata_apart_does_not_differ() -> None:
    covariates = np.array([[0.1, 1.0], [0.1, 3], [0.1, 2], [0.7, 5], [0.7, 7], [0.7, np.nan]])
    trial = tiny(
        [1, 1, 0, 1, 0, 0],
        [0] * 6,
        covariates=covariates,
        covariate_names=("campaign", "amount"),
        strata=np.array([0, 0, 0, 1, 1, 1]),
    )
    # Gaps of 0 and -2, weighing 2 x 1 / 3 and 1 x 1 / 2; variances of 1 and 0 over both arms.
    gap, spread = -2 * 0.5 / (2 / 3 + 0.5), np.sqrt((2 / 3) * 0.5 / (2 / 3 + 0.5))
    np.testing.assert_allclose(standardised_differences(trial), [0, gap / spread])


def test_an_effect_within_strata_is_not_moved_by_what_differs_between_them() -> None:
    found = [effect_within_strata(trial, trial.outcome) for trial in (campaigns(seed=seed) for seed in range(20))]
    assert np.mean([one.effect for one in found]) == pytest.approx(2, abs=0.03)
    assert np.std([one.effect for one in found]) == pytest.approx(
        np.mean([one.standard_error for one in found]), rel=0.4
    )
    assert sum(one.low < 2 < one.high for one in found) >= 17


def test_one_lottery_has_the_same_share_in_every_stratum() -> None:
    trial = campaigns()
    rows = draw_one_lottery(replace(trial, placebo_outcomes={"row": np.arange(len(trial), dtype=float)}), seed=0)
    kept = trial.take(rows.placebo_outcomes["row"].astype(np.int64))
    assert rows.strata is None
    shares = count_arms(kept)[:, 1] / count_arms(kept).sum(axis=1)
    assert np.ptp(shares) < 0.02
    assert len(kept) > 0.5 * len(trial)
    assert draw_one_lottery(replace(trial, strata=None), seed=0).treated_share == trial.treated_share
