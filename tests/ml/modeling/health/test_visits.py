import numpy as np
import pytest

from nightmarket.modeling.health.visits import Rhythm, fit_rhythm

WEEKLY = Rhythm(mean_days=7.0, variation=0.5)


def _days(rhythm=WEEKLY, *, n_intervals=20.0, mean=7.0, sd=3.5, absent=1.0, most=56):
    arrays = {
        name: np.array([value]) for name, value in locals().items() if name in ("n_intervals", "mean", "sd", "absent")
    }
    return float(rhythm.expected_days(**arrays, most=most)[0])


def test_who_comes_weekly_and_was_here_yesterday_comes_in_about_a_week():
    assert _days() == pytest.approx(6, abs=1)


def test_the_longer_the_own_interval_the_longer_the_wait():
    assert _days(mean=3.0, sd=1.5) < _days() < _days(mean=20.0, sd=10.0)


def test_a_regular_customer_who_is_nearly_due_comes_sooner():
    assert _days(absent=6.0, sd=1.0) < _days(absent=1.0, sd=1.0)


def test_an_absence_that_the_rhythm_cannot_explain_speaks_for_no_return():
    assert _days(absent=400.0, sd=1.0) == 56


def test_nobody_is_expected_after_the_window():
    assert _days(mean=300.0, sd=100.0, absent=50.0, most=56) <= 56


def test_a_customer_without_an_interval_is_taken_for_everybody():
    assert _days(n_intervals=0.0, mean=0.0, sd=0.0) == pytest.approx(_days(mean=7.0, sd=3.5), rel=1e-6)


def test_everybody_is_the_median_customer_of_those_who_came_again():
    found = fit_rhythm(
        n_intervals=np.array([5.0, 9.0, 3.0, 0.0]),
        mean=np.array([4.0, 7.0, 30.0, 0.0]),
        sd=np.array([2.0, 7.0, 3.0, 0.0]),
    )
    assert found == Rhythm(7.0, 0.5)


def test_a_shop_where_nobody_came_again_has_a_rhythm_all_the_same():
    assert fit_rhythm(n_intervals=np.zeros(2), mean=np.zeros(2), sd=np.zeros(2)) == Rhythm(28.0, 1.0)
