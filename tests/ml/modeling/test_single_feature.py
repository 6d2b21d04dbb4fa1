import numpy as np
import pytest

from nightmarket.modeling.recipes.single_feature import POPULARITY, RECENCY, SingleFeatureRecipe


def test_recency_ranks_who_bought_it_last_first_and_what_was_never_bought_last(tiny_frame):
    frame = tiny_frame()
    model = RECENCY.fit([frame], features=tuple(frame.columns), seed=1, threads=1)
    days, raw = frame.columns["pair__days_since_last_order"], model.raw_scores(frame)
    bought = ~np.isnan(days)
    assert np.array_equal(np.argsort(raw[bought], kind="stable"), np.argsort(-days[bought], kind="stable"))
    assert raw[~bought].max() < raw[bought].min()


def test_recency_turns_round_where_it_is_staying_away_that_is_predicted(tiny_frame):
    frame = tiny_frame()
    days = np.linspace(1, 60, len(frame)).astype(np.float32)
    away = frame.take(np.arange(len(frame))).with_columns({"customer__days_since_last_order": days})
    away.y[:] = days > 30
    model = RECENCY.fit([away], features=("customer__days_since_last_order",), seed=1, threads=1)
    assert np.array_equal(np.argsort(model.raw_scores(away)), np.argsort(days))


def test_what_was_saved_scores_as_what_was_fitted(tiny_frame, tmp_path):
    frame = tiny_frame()
    fitted = POPULARITY.fit([frame], features=tuple(frame.columns), seed=1, threads=1)
    assert fitted.save(tmp_path) == ("model.json",)
    assert POPULARITY.load(tmp_path, threads=1) == fitted
    table, base = fitted.contributions(frame, np.arange(5), np.array([0]))
    assert table[:, 0] + base == pytest.approx(fitted.raw_scores(frame)[:5])


def test_a_column_without_any_value_says_nothing_and_does_not_fail(tiny_frame):
    frame = tiny_frame()
    empty = frame.with_columns({"pair__days_since_last_order": np.full(len(frame), np.nan, np.float32)})
    model = RECENCY.fit([empty], features=("pair__days_since_last_order",), seed=1, threads=1)
    assert set(model.raw_scores(empty)) == {0.0}


def test_a_family_without_the_column_is_told_so(tiny_frame):
    recipe = SingleFeatureRecipe("novelty", ("product__age_days",))
    with pytest.raises(ValueError, match="Got a family without product__age_days but expected one of them"):
        recipe.fit([tiny_frame()], features=("pair__n_orders",), seed=1, threads=1)
