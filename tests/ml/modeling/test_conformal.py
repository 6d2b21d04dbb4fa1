import numpy as np
import pytest

from nightmarket.modeling.amounts import Conformal, fit_conformal


def _shop(n=4000, seed=0):
    """Forecasts, and outcomes that scatter more around small ones."""
    random = np.random.default_rng(seed)
    forecast = random.gamma(2.0, 100.0, n)
    spread = 0.3 + 0.6 / (1 + forecast / 100)
    return np.log1p(forecast), forecast * np.exp(random.normal(0, spread, n))


def _cover(forecast, y):
    return ((y >= forecast.low) & (y <= forecast.high)).mean()


def test_eight_in_ten_later_outcomes_lie_within():
    found = fit_conformal(*_shop())
    raw, y = _shop(seed=1)
    forecast = found.apply(raw, None)
    assert _cover(forecast, y) == pytest.approx(0.8, abs=0.02)


def test_eight_in_ten_lie_within_for_small_and_for_large_customers():
    found = fit_conformal(*_shop())
    raw, y = _shop(seed=1)
    for rows in np.array_split(np.argsort(raw), 5):
        assert _cover(found.apply(raw[rows], None), y[rows]) == pytest.approx(0.8, abs=0.05)


def test_expected_amounts_add_up_to_what_there_was():
    raw, y = _shop()
    assert fit_conformal(raw, 3 * y).apply(raw, None).value.sum() == pytest.approx(3 * y.sum())


def test_the_forecast_lies_within_its_interval_and_neither_end_is_below_nothing():
    raw, y = _shop(200)
    forecast = fit_conformal(raw, np.where(y > np.median(y), y, -5)).apply(np.array([-3.0, 0.0, 2.0, 9.0]), None)
    assert (forecast.low >= 0).all()
    assert (forecast.low <= forecast.value).all()
    assert (forecast.value <= forecast.high).all()


def test_equal_forecasts_and_a_handful_of_rows_are_enough():
    one = fit_conformal(np.full(5, 2.0), np.arange(5.0))
    assert len(one.knots) == 1
    assert np.isfinite(one.apply(np.array([2.0]), None).high).all()


def test_a_forecast_of_nothing_for_everybody_stays_nothing():
    assert fit_conformal(np.zeros(50), np.zeros(50)).apply(np.zeros(2), None).value.tolist() == [0, 0]


def test_the_stored_numbers_come_back_as_the_same_map():
    found = fit_conformal(*_shop(500))
    assert Conformal.from_json(found.to_json()) == found
    assert found.to_json()["kind"] == "conformal"
