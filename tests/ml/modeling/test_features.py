import numpy as np
import pytest

from nightmarket.modeling.affinity import affinity_columns, ease
from nightmarket.modeling.text_features import text_neighbours


def test_affinity_never_explains_a_category_by_itself():
    counts = np.random.default_rng(0).random((30, 5))
    changed = counts.copy()
    weights_are_fixed_by = ease(counts)
    changed[3, 2] += 1e-6
    assert (ease(changed) - weights_are_fixed_by)[3, 2] == pytest.approx(0, abs=1e-7)


def test_affinity_favours_what_customers_with_the_same_baskets_buy():
    counts = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]], float)
    predicted = ease(counts)
    assert predicted[5, 1] > predicted[5, 2]


def test_affinity_knows_nothing_of_labels(tiny_frame):
    frame = tiny_frame()
    turned = frame.take(np.arange(len(frame)))
    turned.label[:] = 1 - turned.label
    for name, column in affinity_columns(frame).items():
        assert np.array_equal(column, affinity_columns(turned)[name])


def test_text_neighbours_count_what_reads_alike_and_never_the_category_itself(tiny_frame):
    frame = tiny_frame(n_customers=2, n_categories=3)
    # Customer 0 bought only category 0, whose text is that of category 1; category 2 is far away.
    orders = np.array([4, 0, 0, 0, 0, 0], np.float32)
    frame = frame.with_columns({"pair__decayed_orders": np.where(orders > 0, orders, np.nan).astype(np.float32)})
    means = np.array([[1.0, 0.1], [1.0, 0.0], [-1.0, 0.3]])
    found = text_neighbours(frame, means).reshape(2, 3)
    assert found[0, 1] == pytest.approx(np.log1p(4), rel=1e-3)
    assert found[0, 0] < 1e-6
    assert (found[1] == 0).all()
