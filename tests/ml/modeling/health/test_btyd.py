from pathlib import Path

import numpy as np
import pytest

from nightmarket.modeling.health.btyd import BgNbd, GammaGamma, History, fit_bg_nbd, fit_gamma_gamma

CDNOW = Path(__file__).with_name("cdnow.csv")
PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def cdnow():
    """Columns of the CDNOW customers by name, one value per customer."""
    rows = np.genfromtxt(CDNOW, delimiter=",", names=True, skip_header=3)  # three lines say whose data it is
    return {name: np.repeat(rows[name], rows["n_customers"].astype(int)) for name in rows.dtype.names}


@pytest.fixture(scope="module")
def history(cdnow):
    return History(repeats=cdnow["repeats"], last=cdnow["last"], known=cdnow["known"])


def test_the_published_parameters_of_cdnow_come_out(history):
    model = fit_bg_nbd(history)
    assert len(history.repeats) == 2357
    assert (round(model.r, 3), round(model.alpha, 3)) == (PUBLISHED.r, PUBLISHED.alpha)
    assert (round(model.a, 3), round(model.b, 3)) == (PUBLISHED.a, PUBLISHED.b)
    assert round(model.log_likelihood(history), 1) == -9582.4


def test_the_unit_of_time_changes_only_the_rate(history):
    weeks = fit_bg_nbd(history)
    days = fit_bg_nbd(History(history.repeats, 7 * history.last, 7 * history.known))
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-4)


def test_the_published_customer_1516_is_expected_to_come_1_23_times_in_39_weeks():
    one = History(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert PUBLISHED.expected_visits(one, 39.0) == pytest.approx([1.226], abs=0.001)


def test_a_customer_who_comes_every_other_day_for_a_year_does_not_overflow():
    often = History(np.array([180.0, 180.0]), np.array([360.0, 180.0]), np.array([362.0, 362.0]))
    model = BgNbd(r=1.2, alpha=10.0, a=0.05, b=4.0)
    expected, alive = model.expected_visits(often, 56.0), model.alive(often)
    assert np.isfinite(expected).all()
    assert 20 < expected[0] < 35
    assert alive[0] > 0.99
    assert alive[1] < 0.01


def test_nothing_special_happens_where_a_is_one(history):
    beside = BgNbd(0.243, 4.414, 1 + 1e-4, 2.426).expected_visits(history, 39.0)
    assert BgNbd(0.243, 4.414, 1.0, 2.426).expected_visits(history, 39.0) == pytest.approx(beside, rel=1e-3)


def test_the_published_spend_model_of_cdnow_comes_out(cdnow):
    model = fit_gamma_gamma(cdnow["repeats"], cdnow["mean_amount"])
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_few_visits_say_little_of_what_the_next_is_worth():
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    everybody = 6.25 * 15.44 / 2.74
    amounts = model.expected_amount(np.array([0.0, 1.0, 1000.0]), np.array([0.0, 100.0, 100.0]))
    assert amounts[0] == pytest.approx(everybody)
    assert everybody < amounts[1] < amounts[2]
    assert amounts[2] == pytest.approx(100, rel=0.01)


def test_customers_who_never_came_back_are_refused():
    once = History(np.zeros(3), np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="Got 3 customers of whom none came back but expected some who did"):
        fit_bg_nbd(once)


def test_customers_without_an_amount_are_refused():
    with pytest.raises(ValueError, match="Got 2 customers without an amount above 0 but expected some with one"):
        fit_gamma_gamma(np.array([1.0, 2.0]), np.array([0.0, -3.0]))
