"""The recipes of the next basket on a small shop with favourites."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.ranking import measure_lists
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.recipes.lambdarank import LambdaRankRecipe

NAMES = ("lambdarank", "decayed_frequency", "personal_frequency")
FEATURES = ("pair__n_orders", "pair__decayed_orders", "product__penetration_84d", "pair__is_due")


def _frame(seed: int, n_customers: int = 80, n_items: int = 20) -> Frame:
    """What is due is bought, however often it was bought before."""
    random = np.random.default_rng(seed)
    customer, item = (grid.ravel().astype(np.int32) for grid in np.indices((n_customers, n_items)))
    orders = random.poisson(1.0, len(customer)).astype(np.float32)
    due = (random.random(len(customer)) < 0.3).astype(np.float32)
    chance = np.where(orders > 0, 0.02 + 0.5 * due + 0.03 * orders, 0.01)
    columns = {
        "pair__n_orders": orders,
        "pair__decayed_orders": (0.9 * orders).astype(np.float32),
        "product__penetration_84d": random.random(n_items).astype(np.float32)[item],
        "pair__is_due": due,
    }
    return Frame(
        date(2024, 5, 1),
        np.asarray([f"c{i:03d}" for i in range(n_customers)], dtype=object),
        np.asarray([f"p{i:02d}" for i in range(n_items)], dtype=object),
        customer,
        item,
        columns,
        outcomes={"probability": (random.random(len(customer)) < chance).astype(np.float32)},
    ).head("probability")


def _ndcg(frame: Frame, score: np.ndarray) -> float:
    return measure_lists(
        customer=frame.customer,
        item=frame.item,
        score=score,
        in_basket=frame.y,
        is_new=frame.is_new,
        basket_size=np.bincount(frame.customer, frame.y, minlength=len(frame.customer_ids)).astype(np.int64),
    ).means()["ndcg_at_10"]


def test_lambdarank_learns_an_order_that_frequency_cannot() -> None:
    model = RECIPES["lambdarank"].fit([_frame(1), _frame(2)], features=FEATURES, seed=1, threads=1)
    test = _frame(3)
    assert _ndcg(test, model.raw_scores(test)) > _ndcg(test, test.columns["pair__n_orders"]) + 0.05
    assert not model.knows_level


def test_a_customer_without_a_basket_teaches_no_order() -> None:
    frame = _frame(1)
    empty = frame.y.copy()
    empty[frame.customer < 10] = 0
    idle = replace(frame, label=empty)
    came = idle.take(np.flatnonzero(frame.customer >= 10))
    one, two = (LambdaRankRecipe().fit([given], features=FEATURES, seed=1, threads=1) for given in (idle, came))
    assert one.order.model_to_string() == two.order.model_to_string()
    assert one.booster.model_to_string() != two.booster.model_to_string(), "but that nothing is bought then"


@pytest.mark.parametrize("name", ["decayed_frequency", "personal_frequency"])
def test_one_order_more_outranks_any_popularity(name: str) -> None:
    frame = _frame(1)
    model = RECIPES[name].fit([frame], features=FEATURES, seed=1, threads=1)
    raw, orders, sells = model.raw_scores(frame), frame.columns["pair__n_orders"], frame.columns[model.features[1]]
    order = np.lexsort((sells, orders))
    assert (np.diff(raw[order]) >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_contributions_add_up_to_the_raw_score(name: str) -> None:
    frame = _frame(1)
    model = RECIPES[name].fit([frame], features=FEATURES, seed=1, threads=1)
    rows = np.arange(0, len(frame), 7)
    table, base = model.contributions(frame, rows, np.arange(len(model.features)))
    np.testing.assert_allclose(table.sum(axis=1) + base, model.raw_scores(frame)[rows], atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_scores_alike(name: str, tmp_path: Path) -> None:
    frame = _frame(1)
    model = RECIPES[name].fit([frame], features=FEATURES, seed=1, threads=1)
    assert all((tmp_path / file).is_file() for file in model.save(tmp_path))
    again = RECIPES[name].load(tmp_path, threads=1)
    assert (again.recipe, again.features) == (name, model.features)
    np.testing.assert_array_equal(again.raw_scores(frame), model.raw_scores(frame))
    assert sorted(model.importance()) == sorted(model.features)


def test_lambdarank_writes_the_same_bytes_with_one_thread_or_two(tmp_path: Path) -> None:
    written = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        model = RECIPES["lambdarank"].fit([_frame(1), _frame(2)], features=FEATURES, seed=1, threads=threads)
        written.append([(folder / name).read_bytes() for name in model.save(folder)])
    assert written[0] == written[1]


def test_a_sampled_fit_keeps_whole_customers() -> None:
    frames = [_frame(1), _frame(2)]
    model = LambdaRankRecipe(max_rows=800).fit(frames, features=FEATURES, seed=1, threads=1)
    assert _ndcg(frames[0], model.raw_scores(frames[0])) > 0.3
