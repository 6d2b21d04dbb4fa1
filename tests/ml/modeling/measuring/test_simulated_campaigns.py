"""In a shop whose effects are known, intervals hold what they promise and uplift earns more than propensity."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ml.simulated_shop import Covered, cover, earn

N_RUNS = 500


@pytest.fixture(scope="module")
def covered() -> dict[tuple[str, bool], Covered]:
    """500 campaigns of 2,500 customers, a tenth of them held out by the policy's own lots."""
    return cover(n_runs=N_RUNS, n_customers=2500)


@pytest.mark.parametrize("measure", ["response", "revenue"])
@pytest.mark.parametrize("is_adjusted", [True, False])
def test_a_95_percent_interval_holds_the_true_effect(
    covered: dict[tuple[str, bool], Covered], measure: str, is_adjusted: bool
) -> None:
    assert covered[measure, is_adjusted].coverage >= 0.93


def test_what_was_known_before_narrows_the_interval(covered: dict[tuple[str, bool], Covered]) -> None:
    assert covered["revenue", True].mean_width < 0.8 * covered["revenue", False].mean_width
    # Past spend hardly foretells who answers here: nothing is gained, and nothing lost.
    assert covered["response", True].mean_width < 1.001 * covered["response", False].mean_width


def test_the_adjusted_effect_is_not_biased(covered: dict[tuple[str, bool], Covered]) -> None:
    for adjusted in (covered["response", True], covered["revenue", True]):
        # An interval is about four standard errors wide; the mean of 500 has a 22nd of one.
        assert abs(adjusted.mean_error) < 3 * adjusted.mean_width / 4 / np.sqrt(N_RUNS)


def test_thirty_held_out_are_enough_for_the_adjusted_interval() -> None:
    few = cover(n_runs=N_RUNS, n_customers=330)
    assert few["response", True].coverage >= 0.93
    assert few["revenue", True].coverage >= 0.93


@pytest.mark.parametrize("learner", ["t_linear", "x_linear"])
def test_targeting_by_uplift_earns_more_than_by_propensity(learner: str) -> None:
    earned = [earn(seed=seed, learner=learner) for seed in range(3)]
    # Those likeliest to answer would have come anyway: every contact of theirs is money lost.
    assert all(one["uplift"] > 0 > one["propensity"] for one in earned)
    assert all(one["uplift"] > one["random"] for one in earned)
