import numpy as np
import pytest

from nightmarket.families.base import Reason
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.explain import reason_sentences, top_rows
from nightmarket.modeling.recipes import RECIPES


@pytest.mark.parametrize("recipe", PURCHASE_INTENT.primary.recipes)
def test_contributions_and_base_add_up_to_the_raw_score(recipe, tiny_frame):
    frame = tiny_frame()
    model = RECIPES[recipe].fit([frame], features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
    group = np.array([PURCHASE_INTENT.reason_of_feature[name] for name in model.features])
    rows = np.arange(0, len(frame), 7)
    contributions, base = model.contributions(frame, rows, group)
    assert contributions.sum(axis=1) + base == pytest.approx(model.raw_scores(frame)[rows])


def test_a_feature_that_no_tree_splits_on_contributes_nothing(tiny_frame):
    frame = tiny_frame()
    still = frame.with_columns({"customer__age_rank": np.zeros(len(frame), np.float32)})
    features = ("pair__n_orders", "customer__age_rank")
    model = RECIPES["lightgbm"].fit([still], features=features, seed=1, threads=1)
    contributions, _ = model.contributions(still, np.arange(50), np.array([0, 1]))
    assert np.abs(contributions[:, 0]).max() > 0
    assert not contributions[:, 1:].any()


def test_top_rows_break_ties_by_category():
    customer = np.array([0, 0, 0, 1, 1, 1], np.int32)
    category = np.array([0, 1, 2, 0, 1, 2], np.int32)
    probability = np.array([0.2, 0.5, 0.5, 0.1, 0.1, 0.1])
    assert top_rows(customer, category, probability, 2).tolist() == [1, 2, 3, 4]


def test_reasons_name_what_pushes_up_and_always_say_one_thing():
    reasons = (
        Reason("a", ("x",), lambda facts: f"x is {facts['x']:.0f}"),
        Reason("b", ("y",), lambda facts: None),
        Reason("c", ("z",), lambda facts: "z"),
    )
    contributions = np.array([[0.5, 2.0, 1.0], [-2.0, -1.0, -3.0]])
    said = reason_sentences(contributions, {"x": np.array([7.0, 8.0], np.float32)}, reasons)
    assert said == [["z", "x is 7", None], ["x is 8", None, None]]
