from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from nightmarket.modeling.bootstrap import draw_customers
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame, attach_outcomes
from nightmarket.modeling.metrics.ranking import FORMULAS, measure_lists, measure_ranking


def _lists(
    score: list[float], in_basket: list[int], basket_size: int, is_new: list[bool] | None = None
) -> dict[str, float]:
    n = len(score)
    return measure_lists(
        customer=np.zeros(n, np.int32),
        item=np.arange(n, dtype=np.int32),
        score=np.asarray(score),
        in_basket=np.asarray(in_basket),
        is_new=np.asarray(is_new if is_new is not None else [False] * n),
        basket_size=np.asarray([basket_size]),
    ).means()


def test_recall_counts_what_was_no_candidate_as_missed() -> None:
    found = _lists([0.9, 0.5, 0.1], [1, 0, 1], basket_size=4)
    assert found["recall_at_10"] == 0.5
    assert found["hit_rate_at_10"] == 1


def test_only_the_first_ten_count() -> None:
    score = np.linspace(1, 0, 12).tolist()
    assert _lists(score, [0] * 10 + [1, 1], basket_size=2)["recall_at_10"] == 0
    assert _lists(score, [0] * 9 + [1, 1, 0], basket_size=2)["recall_at_10"] == 0.5


def test_the_ideal_list_begins_with_the_whole_basket_or_ten_of_it() -> None:
    found = _lists(np.linspace(1, 0, 12).tolist(), [1] * 12, basket_size=20)
    ten, twenty = (sum(1 / np.log2(place + 1) for place in range(1, n + 1)) for n in (10, 20))
    assert found["ndcg_at_10"] == pytest.approx(ten / twenty)
    assert found["capped_ndcg_at_10"] == pytest.approx(1)
    assert found["recall_at_10"] == 0.5


def test_ndcg_falls_with_the_place_of_the_hit() -> None:
    assert _lists([0.9, 0.8], [1, 0], basket_size=1)["ndcg_at_10"] == 1
    assert _lists([0.8, 0.9], [1, 0], basket_size=1)["ndcg_at_10"] == pytest.approx(1 / np.log2(3))


def test_equal_scores_are_ordered_by_item() -> None:
    assert _lists([0.5] * 11, [0] * 10 + [1], basket_size=1)["recall_at_10"] == 0
    assert _lists([0.5] * 11, [1] + [0] * 10, basket_size=1)["ndcg_at_10"] == 1


def test_repeat_and_explore_add_up_to_recall() -> None:
    found = _lists([0.9, 0.5, 0.1], [1, 1, 1], basket_size=6, is_new=[False, True, False])
    assert found["repeat_recall_at_10"] == pytest.approx(2 / 6)
    assert found["explore_recall_at_10"] == pytest.approx(1 / 6)
    assert found["recall_at_10"] == pytest.approx(3 / 6)


def _frame() -> Frame:
    random = np.random.default_rng(0)
    n_customers, n_items = 40, 15
    customer, item = (grid.ravel().astype(np.int32) for grid in np.indices((n_customers, n_items)))
    frame = Frame(
        date(2024, 5, 1),
        np.asarray([f"c{i:02d}" for i in range(n_customers)], dtype=object),
        np.asarray([f"p{i:02d}" for i in range(n_items)], dtype=object),
        customer,
        item,
        {"pair__n_orders": (random.random(len(customer)) < 0.5).astype(np.float32)},
    )
    rows = random.random(len(customer)) < 0.2
    rows[customer == 7] = False  # does not come
    missed = (
        np.asarray(["c00", "c00", "c01", "stranger"], dtype=object),
        np.asarray(["x1", "x2", "x1", "p00"], dtype=object),
    )
    return attach_outcomes(
        frame,
        customers=np.concatenate((frame.customer_ids[customer[rows]], missed[0])),
        items=np.concatenate((frame.item_ids[item[rows]], missed[1])),
        outcomes={"probability": None},
    ).head("probability")


def test_a_frame_remembers_the_items_of_a_basket_that_are_no_row_of_it() -> None:
    frame = _frame()
    assert frame.n_outcomes is not None
    found = np.bincount(frame.customer, frame.y, minlength=40)
    assert (frame.n_outcomes - found).tolist() == [2, 1] + [0] * 38


def test_customers_without_a_basket_do_not_count_and_every_metric_has_its_draws_and_formula() -> None:
    frame = _frame()
    forecast = Forecast(np.random.default_rng(1).random(len(frame)))
    draws = draw_customers(40, seed=0)
    measured = measure_ranking(frame, forecast, multiplicities=draws, threshold=0.5)
    assert measured.metrics.keys() == measured.draws.keys() == FORMULAS.keys()
    without = frame.take(np.flatnonzero(frame.customer != 7))
    assert measure_ranking(
        without, Forecast(forecast.value[frame.customer != 7]), multiplicities=draws, threshold=0.5
    ).metrics["recall_at_10"] == pytest.approx(measured.metrics["recall_at_10"])
    for name, values in measured.draws.items():
        assert values.shape == (len(draws),)
        assert np.quantile(values, 0.001) <= measured.metrics[name] <= np.quantile(values, 0.999), name


def test_a_frame_without_label_counts_takes_its_own_rows_for_the_basket() -> None:
    frame = replace(_frame(), n_outcomes=None)
    measured = measure_ranking(
        frame, Forecast(frame.y.astype(np.float64)), multiplicities=draw_customers(40, seed=0), threshold=0.5
    )
    assert measured.metrics["ndcg_at_10"] == 1
