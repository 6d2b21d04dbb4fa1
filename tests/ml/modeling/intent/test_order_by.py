from __future__ import annotations

import numpy as np
import pytest

from nightmarket.modeling.intent.timeline import order_by


@pytest.mark.parametrize("largest", [8, 2**61], ids=["one key", "two keys"])
def test_rows_are_ordered_by_both_whether_or_not_they_fit_into_one_key(largest: int) -> None:
    random = np.random.default_rng(1)
    first, second = random.integers(0, 50, 1_000), random.integers(-9, 9, 1_000)
    second[second == 8] = largest
    order, expected = order_by(first, second), np.lexsort((second, first))
    assert first[order].tolist() == first[expected].tolist()
    assert second[order].tolist() == second[expected].tolist()
