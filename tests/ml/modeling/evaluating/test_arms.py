from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from nightmarket.modeling.evaluating.arms import compare_arm, deal_among_customers, shuffled_groups, take_columns
from nightmarket.modeling.metrics import Measured

FACTORS = ("factor__customer_00", "factor__customer_01")


@pytest.fixture
def grid(tiny_frame):
    frame = tiny_frame(n_customers=8, n_categories=3)
    return frame.with_columns(
        {
            "factor__customer_00": frame.customer.astype(np.float32),
            "factor__customer_01": (10 * frame.customer).astype(np.float32),
            "factor__score": (100 * frame.customer + frame.item).astype(np.float32),
        }
    )


def test_on_a_full_grid_a_customer_gets_all_of_exactly_one_others(grid):
    dealt = deal_among_customers(grid, [*FACTORS, "factor__score"], 1)
    giver = dealt.columns["factor__customer_00"].astype(int)
    assert all(len(set(giver[grid.customer == one])) == 1 for one in range(8))
    assert sorted(giver[grid.item == 0]) == list(range(8))
    assert (giver != grid.customer).all()
    assert (dealt.columns["factor__customer_01"] == 10 * giver).all()
    assert (dealt.columns["factor__score"] == 100 * giver + grid.item).all()


def test_among_candidates_values_stay_with_their_item(grid):
    sparse = grid.take(np.flatnonzero(np.random.default_rng(0).random(len(grid)) < 0.6))
    dealt = deal_among_customers(sparse, ["factor__score"], 1).columns["factor__score"]
    for item in range(3):
        rows = sparse.item == item
        assert sorted(dealt[rows]) == sorted(sparse.columns["factor__score"][rows])
    assert (dealt % 100 == sparse.item).all()


def test_nothing_but_the_group_is_dealt_out(grid):
    dealt = deal_among_customers(grid, FACTORS, 1)
    untouched = set(grid.columns) - set(FACTORS)
    assert all(dealt.columns[name] is grid.columns[name] for name in untouched)
    assert dealt.outcomes is grid.outcomes


def test_text_factors_embeddings_and_what_the_family_declares_get_an_arm(family):
    features = ("pair__n_orders", "affinity__basket", "text__neighbours", "factor__score", "text__customer_00")
    assert shuffled_groups(family, features) == {
        "text__": ("text__neighbours", "text__customer_00"),
        "factor__": ("factor__score",),
    }
    declared = replace(family, shuffled_groups=("affinity__",))
    assert shuffled_groups(declared, features)["affinity__"] == ("affinity__basket",)


def test_only_the_columns_of_the_prefix_are_taken_where_the_rows_are_the_same(grid):
    day = date(2024, 5, 1)
    other = grid.with_columns({name: -column for name, column in grid.columns.items()})
    taken = take_columns({day: other}, {day: grid}, "factor__")[day]
    assert (taken.columns["factor__score"] == -grid.columns["factor__score"]).all()
    assert taken.columns["pair__n_orders"] is grid.columns["pair__n_orders"]
    fewer = other.take(np.arange(5))
    assert take_columns({day: fewer}, {day: grid}, "factor__")[day] is fewer


def test_what_a_group_earned_is_paired_draw_by_draw_and_a_mean_over_seeds():
    own = [Measured({"roc_auc": 0.8, "brier": 0.1}, {"roc_auc": np.array([0.8, 0.9]), "brier": np.array([0.1, 0.1])})]
    shuffled = [
        Measured({"roc_auc": one, "brier": 0.2}, {"roc_auc": np.array([one, one + 0.1]), "brier": np.array([0.2, 0.2])})
        for one in (0.6, 0.7)
    ]
    arm = compare_arm("text__", ("text__a",), "lightgbm", own=own, shuffled=shuffled)
    assert arm.metrics["roc_auc"] == pytest.approx(0.65)
    assert (arm.gains["roc_auc"].low, arm.gains["roc_auc"].high) == pytest.approx((0.15, 0.15))
    assert arm.gains["brier"].low == pytest.approx(0.1)  # a lower Brier score is a gain
    assert arm.by_seed["brier"] == pytest.approx((0.1,))
