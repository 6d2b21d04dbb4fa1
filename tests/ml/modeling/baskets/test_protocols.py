from __future__ import annotations

import numpy as np

from nightmarket.modeling.baskets.protocols import cut_globally, filter_households, hide_last_baskets

from .shops import lines_of

BASKETS = [(0, 1, [1, 2]), (0, 5, [1]), (0, 9, [3]), (1, 4, [2]), (1, 4, [5]), (2, 3, [6])]


def test_the_last_basket_is_hidden_and_the_cut_is_the_day_after_the_one_before() -> None:
    challenge = hide_last_baskets(lines_of(BASKETS), 0, n_customers=3)
    assert challenge.tested.tolist() == [True, True, False], "a customer of one basket has nothing to learn from"
    assert challenge.cut.tolist() == [6, 5, 0]
    assert challenge.known.order.tolist() == [0, 0, 1, 3]
    assert challenge.basket.order.tolist() == [2, 4]


def test_earlier_baskets_are_trained_on_with_what_was_known_before_them() -> None:
    challenge = hide_last_baskets(lines_of(BASKETS), 1, n_customers=3)
    assert challenge.tested.tolist() == [True, False, False]
    assert challenge.known.order.tolist() == [0, 0]
    assert challenge.basket.order.tolist() == [1]
    assert challenge.cut.tolist() == [2, 0, 0]


def test_a_global_cut_predicts_the_first_basket_of_those_who_came_lately() -> None:
    challenge = cut_globally(lines_of(BASKETS), 5, until=9, active_days=2, n_customers=3)
    assert challenge.known.order.tolist() == [0, 0, 3, 4, 5]
    assert challenge.tested.tolist() == [False, False, False], "nobody active has a basket before day 9 but the first"
    challenge = cut_globally(lines_of(BASKETS), 5, until=10, active_days=4, n_customers=3)
    assert challenge.tested.tolist() == [True, False, False]
    assert challenge.basket.order.tolist() == [1]


def test_a_training_cut_sees_no_basket_of_the_tested_days() -> None:
    challenge = cut_globally(lines_of(BASKETS), 2, until=9, active_days=56, n_customers=3)
    assert challenge.basket.order.tolist() == [1]
    challenge = cut_globally(lines_of(BASKETS), 2, until=5, active_days=56, n_customers=3)
    assert not challenge.tested.any()


def test_the_filters_leave_regular_customers_and_items_that_sell() -> None:
    regular = [(customer, 2 * day, [0, 1]) for customer in range(12) for day in range(10)]
    odd = [
        *((12, day, [0]) for day in range(4)),  # comes four times
        *((13, 3, [0]) for _ in range(6)),  # six orders on one day
        *((14, day, list(range(20))) for day in range(10)),  # buys ten times what others do
        (0, 40, [30]),  # an item bought once
    ]
    lines = lines_of([*regular, *odd])
    kept = filter_households(lines, n_customers=15, n_items=31)
    assert set(lines.customer[kept].tolist()) == set(range(12))
    assert not np.isin(lines.item[kept], [30]).any()
    assert kept[lines.customer < 12].sum() == 240
