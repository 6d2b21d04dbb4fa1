from datetime import date

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.metrics.pairs import evaluate
from nightmarket.modeling.recipes import RECIPES, logistic_regression
from nightmarket.modeling.sampling import sample_customers

FEATURES = PURCHASE_INTENT.feature_columns
NAMES = PURCHASE_INTENT.primary.recipes


@pytest.mark.parametrize("recipe", NAMES)
def test_every_recipe_learns_and_comes_back_from_its_files_the_same(recipe, tiny_frame, tmp_path):
    frame, later = tiny_frame(), tiny_frame(date(2024, 5, 29), seed=1)
    model = RECIPES[recipe].fit([frame], features=FEATURES, seed=1, threads=1)
    raw = model.raw_scores(later)
    assert evaluate(later.y, 1 / (1 + np.exp(-raw)), later.is_new, 0.3)["roc_auc"] > 0.6
    model.save(tmp_path)
    loaded = RECIPES[recipe].load(tmp_path, threads=1)
    assert loaded.features == model.features
    assert loaded.recipe == recipe
    assert np.array_equal(loaded.raw_scores(later), raw)


@pytest.mark.parametrize("recipe", NAMES)
def test_fitting_twice_writes_the_same_bytes_with_one_thread_or_two(recipe, tiny_frame, tmp_path):
    # Large enough for BLAS to share the work among its threads: a small shop never shows the difference.
    frames = [tiny_frame(n_customers=400), tiny_frame(date(2024, 5, 29), n_customers=400, seed=1)]
    written, scored = [], []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        with threadpool_limits(threads):
            model = RECIPES[recipe].fit(frames, features=FEATURES, seed=1, threads=threads)
            scored.append(model.raw_scores(frames[0]))
        written.append([(folder / name).read_bytes() for name in model.save(folder)])
    assert written[0] == written[1]
    assert np.array_equal(scored[0], scored[1])


def test_a_line_that_starts_from_a_part_of_many_rows_ends_where_a_cold_one_does(tiny_frame, monkeypatch):
    frames = [tiny_frame(n_customers=400), tiny_frame(date(2024, 5, 29), n_customers=400, seed=1)]

    def fit(threads):
        with threadpool_limits(threads):
            return RECIPES["logistic_regression"].fit(frames, features=FEATURES, seed=1, threads=threads)

    cold = fit(1)
    monkeypatch.setattr(logistic_regression, "_MANY_ROWS", sum(map(len, frames)))
    warm, again = fit(1), fit(2)
    assert not np.array_equal(warm.line.coefficients, cold.line.coefficients)
    np.testing.assert_allclose(warm.raw_scores(frames[0]), cold.raw_scores(frames[0]), atol=0.01)
    assert np.array_equal(warm.line.coefficients, again.line.coefficients)


@pytest.mark.parametrize("recipe", NAMES)
def test_the_order_of_the_columns_of_a_frame_does_not_matter(recipe, tiny_frame):
    frame = tiny_frame()
    model = RECIPES[recipe].fit([frame], features=FEATURES, seed=1, threads=1)
    turned = frame.with_columns({})
    turned.columns.clear()
    turned.columns.update(dict(reversed(frame.columns.items())))
    assert np.array_equal(model.raw_scores(turned), model.raw_scores(frame))


def test_a_frame_without_a_column_that_the_model_reads_is_no_silent_score(tiny_frame):
    frame = tiny_frame()
    model = RECIPES["lightgbm"].fit([frame], features=FEATURES, seed=1, threads=1)
    del frame.columns["pair__n_orders"]
    with pytest.raises(KeyError, match="pair__n_orders"):
        model.raw_scores(frame)


def test_frequency_ranks_any_pair_bought_before_above_one_never_bought(tiny_frame):
    frame = tiny_frame()
    raw = RECIPES["frequency"].fit([frame], features=(), seed=0, threads=1).raw_scores(frame)
    assert raw[~frame.is_new].min() > raw[frame.is_new].max()


def test_sampling_keeps_whole_customers_and_every_frame(tiny_frame):
    frames = [tiny_frame(), tiny_frame(date(2024, 5, 29), seed=1)]
    sampled = sample_customers(frames, max_rows=700, seed=0)
    assert 300 < sum(map(len, sampled)) < 1100
    for frame in sampled:
        assert set(np.bincount(frame.customer)) <= {0, 12}
    assert sample_customers(frames, max_rows=10_000, seed=0) == frames
