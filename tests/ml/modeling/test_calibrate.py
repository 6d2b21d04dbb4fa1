import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from nightmarket.modeling.calibrate import Calibrator, fit_calibrator, fit_level, pool_adjacent_violators
from nightmarket.modeling.metrics.pairs import expected_calibration_error


def _miscalibrated(n=40_000, seed=0):
    random = np.random.default_rng(seed)
    logit = random.normal(-2, 1.5, n)
    y = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(np.uint8)
    return 0.5 * logit + 1, y


def test_calibration_mends_a_wrong_scale_on_rows_it_has_not_seen():
    calibrator = fit_calibrator(*_miscalibrated())
    raw, y = _miscalibrated(seed=1)
    assert expected_calibration_error(y, 1 / (1 + np.exp(-raw))) > 0.1
    assert expected_calibration_error(y, calibrator(raw)) < 0.01


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(30, 400), st.floats(0.05, 0.9))
def test_calibration_always_rises_so_it_never_changes_a_ranking(seed, n, rate):
    random = np.random.default_rng(seed)
    raw = random.normal(0, 3, n).round(1)
    y = (random.random(n) < rate).astype(np.uint8)
    y[:2] = 0, 1
    calibrator = fit_calibrator(raw, y)
    probability = calibrator(np.unique(raw))
    assert (np.diff(probability) > 0).all()
    assert ((probability > 0) & (probability < 1)).all()


def test_the_mean_forecast_is_the_mean_outcome():
    raw, y = _miscalibrated(2_000)
    assert fit_calibrator(raw, y)(raw).mean() == pytest.approx(y.mean())


def test_half_trust_in_the_level_lies_half_way_to_the_models_own():
    raw, y = _miscalibrated(2_000)
    own = (1 / (1 + np.exp(-raw))).mean()
    assert fit_calibrator(raw, y, level_trust=0.5)(raw).mean() == pytest.approx((y.mean() + own) / 2)


def test_a_level_moves_every_log_odds_by_the_same():
    raw, y = _miscalibrated(2_000)
    level = fit_level(raw, y, level_trust=1.0)
    assert level(raw).mean() == pytest.approx(y.mean())
    shift = np.log(level(raw) / (1 - level(raw))) - raw
    assert shift == pytest.approx(np.full(len(raw), shift[0]))
    assert fit_level(raw, y, level_trust=0.5).values[0] == pytest.approx(shift[0] / 2)
    assert Calibrator.from_json(level.to_json()) == level


def test_json_gives_the_same_calibrator_back():
    calibrator = fit_calibrator(*_miscalibrated(1_000))
    assert Calibrator.from_json(calibrator.to_json()) == calibrator


def test_pooling_equals_isotonic_regression():
    random = np.random.default_rng(0)
    rate, weight = random.random(40), random.integers(1, 9, 40).astype(float)
    expected = IsotonicRegression().fit_transform(np.arange(40), rate, sample_weight=weight)
    assert pool_adjacent_violators(rate, weight) == pytest.approx(expected)
