"""Intervals of a difference: against libraries where these have one, and at the edges where they have none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from nightmarket.modeling.measuring.intervals import score_interval, skewness_corrected


@pytest.mark.parametrize(("n1", "k1", "n0", "k0"), [(900, 45, 100, 2), (270, 30, 30, 0), (50, 50, 40, 10)])
def test_the_score_interval_is_newcombes(n1: int, k1: int, n0: int, k0: int) -> None:
    low, high = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb", compare="diff")
    found = score_interval(n1, k1, n0, k0)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_nobody_answering_still_leaves_an_interval() -> None:
    found = score_interval(400, 0, 40, 0)
    assert found.low < 0 < found.high


def test_without_skewness_the_interval_is_welchs() -> None:
    treated, holdout = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([2.0, 4.0, 6.0])
    welch = stats.ttest_ind(treated, holdout, equal_var=False).confidence_interval(0.95)
    found = skewness_corrected(treated, holdout)
    assert (found.low, found.high) == (pytest.approx(welch.low), pytest.approx(welch.high))


def test_a_long_tail_moves_the_interval_of_a_small_holdout_down() -> None:
    random = np.random.default_rng(1)
    treated, holdout = random.lognormal(3, 1, 900), random.lognormal(3, 1, 100)
    welch = stats.ttest_ind(treated, holdout, equal_var=False).confidence_interval(0.95)
    found = skewness_corrected(treated, holdout)
    # The holdout's mean is more often far too low than far too high, so the effect is more often overstated.
    assert found.low < welch.low
    assert found.high < welch.high


def test_an_arm_that_does_not_vary_borrows_the_variance_of_the_other() -> None:
    found = skewness_corrected(np.array([0.0, 3.0, 0.0, 5.0] * 30), np.zeros(40))
    assert found.low < 2.0 < found.high
    assert found.high - found.low > 1.0


def test_nobody_buying_is_an_effect_of_nothing() -> None:
    found = skewness_corrected(np.zeros(40), np.zeros(40))
    assert (found.low, found.high) == (0.0, 0.0)
