import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nightmarket.modeling.evaluating.single_features import roc_auc_of_feature


def _best_of_four(y, x):
    filled = [np.where(np.isnan(x), end, x) for end in (-1e9, 1e9)]
    shares = [roc_auc_score(y, one) for one in filled]
    return max(max(share, 1 - share) for share in shares)


@pytest.mark.parametrize("undefined", [0.0, 0.3, 0.95])
def test_it_is_scikit_learns_auc_in_the_best_direction_and_with_the_best_place_for_undefined(undefined):
    random = np.random.default_rng(0)
    y = (random.random(500) < 0.2).astype(np.uint8)
    x = np.round(random.normal(size=500) - 0.5 * y, 1).astype(np.float32)
    x[random.random(500) < undefined + 0.1 * y] = np.nan
    assert roc_auc_of_feature(y, x) == pytest.approx(_best_of_four(y, x), abs=1e-12)


def test_a_column_without_values_ranks_by_chance_and_one_class_has_no_auc():
    y = np.array([0, 1, 1, 0], np.uint8)
    assert roc_auc_of_feature(y, np.full(4, np.nan)) == 0.5
    assert np.isnan(roc_auc_of_feature(np.zeros(4), np.arange(4.0)))
