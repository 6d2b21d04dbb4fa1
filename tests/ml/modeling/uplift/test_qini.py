"""Qini figures against numbers counted by hand and against causalml's curves."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ml.modeling.uplift.conftest import simulated, tiny

from nightmarket.modeling.uplift.qini import auuc, draw_qini, qini_coefficient, qini_curve
from nightmarket.modeling.uplift.trial import Trial

# Of causalml 0.18.0's get_qini and get_cumgain, a unit a row from best to worst, on:
TREATMENT = [1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0]
OUTCOME = [1.0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1]
CAUSALML_QINI = [1.0, 2.0, 2.0, 0.5, 1.0, 1.6666666666666667, 2.0, 1.75, 1.0, 0.6, 0.0]
CAUSALML_GAIN = [2.0, 3.0, 2.6666666666666665, 0.8333333333333331, 1.5, 2.9166666666666670, 4.0, 3.15, 2.0, 1.1, 0.0]


def test_the_curve_is_causalmls_from_where_both_arms_are_there() -> None:
    trial = tiny(TREATMENT, OUTCOME)
    curve = qini_curve(trial, -np.arange(12.0))
    np.testing.assert_allclose(curve.gain[2:], CAUSALML_QINI, atol=1e-12)
    np.testing.assert_allclose(curve.share, np.arange(13) / 12)


def test_auuc_is_the_area_under_causalmls_gain() -> None:
    # Per unit; before any control is there, its mean counts as 0 (causalml draws a line instead).
    gain = np.array([0.0, 1.0, *CAUSALML_GAIN]) / 12
    assert auuc(tiny(TREATMENT, OUTCOME), -np.arange(12.0)) == pytest.approx(np.trapezoid(gain, np.arange(13) / 12))


def test_the_perfect_ranking_has_a_coefficient_of_1_and_its_reverse_less_than_0() -> None:
    # Best first: treated who came, a control and a treated who did not, a control who came anyway.
    trial = tiny([1, 0, 1, 0], [1, 0, 0, 1])
    # Gains 1, 1, 1, 0: an area of 3, the random line has none; the perfect ranking ties the middle two, also 3.
    assert qini_coefficient(trial, np.array([4.0, 3, 2, 1])) == pytest.approx(1.0)
    # Reversed, gains 0, -1, -.5, 0: an area of -1.5.
    assert qini_coefficient(trial, np.array([1.0, 2, 3, 4])) == pytest.approx(-0.5)


def test_one_score_for_all_is_random_ranking() -> None:
    assert qini_coefficient(tiny(TREATMENT, OUTCOME), np.zeros(12)) == 0


def test_the_order_of_rows_does_not_move_a_coefficient_with_ties() -> None:
    trial = tiny(TREATMENT, OUTCOME)
    scores = np.array([3.0, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0, 0])
    turned = np.arange(12)[::-1].copy()
    assert qini_coefficient(trial, scores) == pytest.approx(qini_coefficient(trial.take(turned), scores[turned]))


def test_knowing_the_effect_ranks_better_than_a_coin() -> None:
    trial = simulated()
    knows = (trial.covariates[:, 0] > 0).astype(float)
    coin = np.random.default_rng(0).random(len(trial))
    draws = draw_qini(trial, [knows, coin], seed=0, n_draws=60)
    assert draws.shape == (2, 60)
    assert np.quantile(draws[0], 0.025) > 0 > np.quantile(draws[1], 0.025)
    assert np.quantile(draws[0] - draws[1], 0.025) > 0


def test_draws_are_around_the_coefficient_and_the_same_for_the_same_seed() -> None:
    trial = simulated()
    scores = trial.covariates[:, 0]
    draws = draw_qini(trial, [scores], seed=3, n_draws=50)
    assert draws.mean() == pytest.approx(qini_coefficient(trial, scores), abs=3 * draws.std() / np.sqrt(50))
    np.testing.assert_array_equal(draws, draw_qini(trial, [scores], seed=3, n_draws=50))


def test_rows_of_one_unit_are_drawn_together() -> None:
    once = simulated(1_000)
    twice = once.take(np.repeat(np.arange(1_000), 2))
    assert isinstance(twice, Trial)
    scores = once.covariates[:, 0]
    np.testing.assert_allclose(
        draw_qini(twice, [np.repeat(scores, 2)], seed=5, n_draws=20), draw_qini(once, [scores], seed=5, n_draws=20)
    )
