"""Average effects: by hand, against a regression written out, and over many trials of a known effect."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ml.modeling.uplift.conftest import simulated, tiny

from nightmarket.modeling.uplift.average_effects import adjusted_effect, difference_in_means


def test_the_difference_in_means_has_neymans_standard_error() -> None:
    found = difference_in_means(tiny([1, 1, 1, 0, 0, 0], [3, 4, 5, 1, 1, 4]))
    assert found.effect == pytest.approx(2.0)
    assert found.standard_error == pytest.approx(np.sqrt(1 / 3 + 3 / 3))
    assert found.low < 2 < found.high


def test_the_adjusted_effect_is_the_coefficient_of_lins_regression() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 2))
    treatment = generator.integers(0, 2, 60)
    outcome = x @ [1.0, -2] + treatment * (1 + x[:, 0]) + generator.normal(size=60)
    trial = tiny(treatment.tolist(), outcome.tolist(), covariates=x, covariate_names=("a", "b"))
    centred = x - x.mean(axis=0)
    design = np.column_stack([np.ones(60), treatment, centred, centred * treatment[:, None]])
    assert adjusted_effect(trial).effect == pytest.approx(np.linalg.lstsq(design, outcome, rcond=None)[0][1])


def test_columns_that_say_the_same_twice_change_nothing() -> None:
    trial = simulated(600)
    doubled = tiny(
        trial.treatment.tolist(),
        trial.outcome.tolist(),
        covariates=np.hstack([trial.covariates, trial.covariates[:, :2]]),
        covariate_names=(*trial.covariate_names, "keen again", "habit again"),
    )
    assert adjusted_effect(doubled).effect == pytest.approx(adjusted_effect(trial).effect)
    assert adjusted_effect(doubled).standard_error == pytest.approx(adjusted_effect(trial).standard_error)


def test_intervals_hold_the_known_effect_in_95_of_100_trials_and_adjusting_narrows_them() -> None:
    plain, adjusted = [], []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        x = generator.normal(size=200)
        treatment = generator.permutation(np.arange(200) % 2)
        outcome = 2 * x + treatment * (1 + x) + generator.normal(size=200)
        trial = tiny(treatment.tolist(), outcome.tolist(), covariates=x[:, None], covariate_names=("x",))
        plain.append(difference_in_means(trial))
        adjusted.append(adjusted_effect(trial))
    for found in (plain, adjusted):
        assert np.mean([one.low <= 1 <= one.high for one in found]) >= 0.92
    assert np.mean([one.standard_error for one in adjusted]) < 0.6 * np.mean([one.standard_error for one in plain])


def test_a_unit_told_twice_is_no_more_evidence() -> None:
    once = simulated(600)
    twice = once.take(np.repeat(np.arange(600), 2))
    assert difference_in_means(twice).standard_error == pytest.approx(
        difference_in_means(once).standard_error, rel=0.01
    )
