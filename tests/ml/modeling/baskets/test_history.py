from __future__ import annotations

import numpy as np
import pytest

from nightmarket.modeling.baskets.history import make_history, rank_within

from .shops import catalogue_of, history_of, lines_of


def test_baskets_are_in_time_order_whatever_the_order_of_the_lines() -> None:
    baskets = [(0, 5, [1, 2]), (0, 9, [1]), (1, 7, [3])]
    lines = lines_of(baskets)
    shuffled = lines.take(np.asarray([3, 1, 2, 0]))
    cut = np.asarray([10, 10])
    for given in (lines, shuffled):
        history = make_history(given, catalogue_of(8), cut)
        assert history.basket_customer.tolist() == [0, 0, 1]
        assert history.basket_day.tolist() == [5, 9, 7]
        assert history.basket_size.tolist() == [2, 1, 1]
        assert history.basket_age.tolist() == [1, 0, 0]
        assert list(zip(history.basket.tolist(), history.item.tolist(), strict=True)) == [
            (0, 1),
            (0, 2),
            (1, 1),
            (2, 3),
        ]


def test_lines_of_one_order_and_item_are_one_row_with_all_units() -> None:
    history = make_history(lines_of([(0, 5, [1, 1, 2])]), catalogue_of(4), np.asarray([6]))
    assert history.item.tolist() == [1, 2]
    assert history.units.tolist() == [2, 1]
    assert history.amount.tolist() == [4, 2]
    assert history.basket_size.tolist() == [2]


def test_two_orders_of_a_day_are_two_baskets() -> None:
    history = history_of([(0, 5, [1]), (0, 5, [2])], cut=6)
    assert history.basket_age.tolist() == [1, 0]


def test_a_line_on_the_cut_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Got 1 order lines on or after their customer's cut but expected none"):
        history_of([(0, 5, [1]), (1, 6, [2])], cut=6)


def test_the_eve_is_one_day_ago() -> None:
    assert history_of([(0, 5, [1])], cut=6).days_ago().tolist() == [1]


def test_equal_scores_are_ranked_by_item() -> None:
    customer = np.asarray([0, 0, 0, 1, 1], np.int32)
    item = np.asarray([7, 3, 5, 2, 1], np.int32)
    score = np.asarray([0.5, 0.5, 0.9, 0.1, 0.1])
    assert rank_within(customer, score, item).tolist() == [2, 1, 0, 1, 0]
