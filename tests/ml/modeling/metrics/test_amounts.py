from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr

from nightmarket.modeling.bootstrap import draw_customers
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.amounts import FORMULAS, measure_amounts


def _frame(y, customer=None):
    n = len(y)
    customer = np.arange(n) if customer is None else np.asarray(customer)
    return Frame(
        as_of_date=date(2024, 5, 1),
        customer_ids=np.array([f"c{i:04d}" for i in range(customer.max() + 1)], dtype=object),
        item_ids=np.array([""], dtype=object),
        customer=customer.astype(np.int32),
        item=np.zeros(n, np.int32),
        columns={},
        label=np.asarray(y, np.float64),
    )


def _measure(y, value, *, low=None, high=None, customer=None, n_draws=20):
    frame = _frame(y, customer)
    forecast = Forecast(*(None if one is None else np.asarray(one, np.float64) for one in (value, low, high)))
    draws = draw_customers(len(frame.customer_ids), seed=0, n_draws=n_draws)
    return measure_amounts(frame, forecast, multiplicities=draws, threshold=0.5), draws


def test_each_metric_is_its_formula_by_hand():
    measured, _ = _measure([10, 0, 30], [20, 0, 10], low=[0, 1, 10], high=[20, 2, 30])
    assert measured.metrics == pytest.approx(
        {"wape": 30 / 40, "bias": 30 / 40 - 1, "mae": 10, "spearman": 0.5, "coverage_80": 2 / 3}
    )
    assert set(measured.metrics) == set(FORMULAS)


def test_an_outcome_below_nothing_weighs_by_its_size():
    measured, _ = _measure([-10, 30], [0, 30])
    assert measured.metrics["wape"] == pytest.approx(10 / 40)


def test_rank_correlation_with_ties_equals_scipy():
    random = np.random.default_rng(0)
    y, value = random.integers(0, 6, 300), random.integers(0, 9, 300)
    measured, _ = _measure(y, value)
    assert measured.metrics["spearman"] == pytest.approx(spearmanr(y, value).statistic)


def test_a_draw_is_the_metric_of_the_rows_repeated_as_often_as_drawn():
    random = np.random.default_rng(1)
    y, value, customer = random.gamma(1, 50, 90).round(), random.gamma(1, 50, 90).round(), np.arange(90) // 2
    measured, draws = _measure(y, value, low=value * 0.5, high=value * 2, customer=customer)
    for i in (0, 7):
        rows = np.repeat(np.arange(90), draws[i][customer])
        again, _ = _measure(y[rows], value[rows], low=value[rows] * 0.5, high=value[rows] * 2)
        for name, value_of_draw in measured.draws.items():
            assert value_of_draw[i] == pytest.approx(again.metrics[name]), name


def test_coverage_is_left_out_where_no_interval_is_said():
    measured, _ = _measure([1, 2], [1, 2])
    assert "coverage_80" not in measured.metrics
    assert measured.draws["wape"].shape == (20,)


def test_a_forecast_that_is_the_same_for_everybody_ranks_nobody():
    measured, _ = _measure([1, 2, 3], [2, 2, 2])
    assert np.isnan(measured.metrics["spearman"])
