from __future__ import annotations

import numpy as np
import pytest

from nightmarket.modeling.baskets.counts import Counts, count_groups, count_items

from .shops import history_of

BASKETS = [(0, 2, [1, 4]), (0, 10, [1]), (0, 12, [0, 5]), (0, 22, [1]), (1, 20, [1, 2, 3])]


def _of(counts: Counts, customer: int, member: int) -> dict[str, float]:
    [row] = np.flatnonzero((counts.customer == customer) & (counts.member == member))
    return {name: float(values[row]) for name, values in counts.columns.items()}


def test_an_item_is_counted_with_its_rhythm() -> None:
    found = _of(count_items(history_of(BASKETS, cut=30)), 0, 1)
    assert found["n"] == 3
    assert found["decayed"] == pytest.approx(1 + 0.95**2 + 0.95**3)
    assert found["weight"] == pytest.approx(1 + 0.95**2 + 0.95**3 / 2), "half of the first basket"
    assert (found["age"], found["first_age"]) == (0, 3)
    assert (found["days"], found["first_days"]) == (8, 28)
    assert found["interval_days"] == 10
    assert found["last_interval"] == 12
    assert found["interval_baskets"] == pytest.approx(1.5)
    assert found["interval_spread"] == pytest.approx(2 / 10), "intervals of 8 and 12 days"
    assert found["halved_28d"] == pytest.approx(0.5 ** (8 / 28) + 0.5 ** (20 / 28) + 0.5)
    assert found["amount"] == 6


def test_what_was_bought_once_has_no_interval() -> None:
    found = _of(count_items(history_of(BASKETS, cut=30)), 0, 4)
    assert np.isnan([found["interval_days"], found["last_interval"], found["interval_spread"]]).all()


def test_a_group_is_counted_once_per_basket() -> None:
    history = history_of(BASKETS, cut=30)
    counts = count_groups(history, history.catalogue.category, 2)
    assert _of(counts, 1, 0)["n"] == 1, "three items of one category in one basket"
    assert _of(counts, 0, 0)["n"] == 4
    assert _of(counts, 0, 1)["n"] == 2


def test_a_pair_that_was_never_bought_is_not_found() -> None:
    counts = count_items(history_of(BASKETS, cut=30))
    row, has = counts.find(np.asarray([0, 1, 1], np.int32), np.asarray([1, 1, 7], np.int32))
    assert has.tolist() == [True, True, False]
    assert counts.columns["n"][row[:2]].tolist() == [3, 1]
