import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score

from nightmarket.modeling.metrics.pairs import evaluate, expected_calibration_error, rank, weighted_ap_auc


@pytest.mark.parametrize("decimals", [1, 2, 8])
def test_metrics_equal_those_of_scikit_learn_with_and_without_ties(decimals):
    random = np.random.default_rng(1)
    probability = random.random(500).round(decimals)
    y = (random.random(500) < probability**2).astype(np.uint8)
    is_new = random.random(500) < 0.5
    metrics = evaluate(y, probability, is_new, 0.3)
    assert metrics["average_precision"] == pytest.approx(average_precision_score(y, probability))
    assert metrics["new_pair_average_precision"] == pytest.approx(
        average_precision_score(y[is_new], probability[is_new])
    )
    assert metrics["roc_auc"] == pytest.approx(roc_auc_score(y, probability))
    assert metrics["brier"] == pytest.approx(brier_score_loss(y, probability))
    assert metrics["f1"] == pytest.approx(f1_score(y, probability >= 0.3))


def test_customer_weights_count_like_repeated_rows():
    random = np.random.default_rng(2)
    customer = np.repeat(np.arange(20, dtype=np.int32), 30)
    probability, y = random.random(600).round(2), (random.random(600) < 0.2).astype(np.uint8)
    times = random.integers(0, 4, 20)
    repeated = np.repeat(np.arange(600), times[customer])
    average_precision, auc = weighted_ap_auc(rank(y, probability, customer, 20), times[:, None])
    assert average_precision[0] == pytest.approx(average_precision_score(y[repeated], probability[repeated]))
    assert auc[0] == pytest.approx(roc_auc_score(y[repeated], probability[repeated]))


def test_one_class_has_no_average_precision():
    metrics = evaluate(np.zeros(4, np.uint8), np.array([0.1, 0.2, 0.3, 0.4]), np.ones(4, bool), 0.3)
    assert np.isnan(metrics["average_precision"])
    assert np.isnan(metrics["roc_auc"])


def test_calibration_error_by_hand():
    # Two bins of two rows: forecasts .1 and .6 on average, outcomes 0 and 1: gaps .1 and .4, mean .25.
    y, probability = np.array([0, 0, 1, 1]), np.array([0.1, 0.1, 0.5, 0.7])
    assert expected_calibration_error(y, probability, n_bins=2) == pytest.approx(0.25)
