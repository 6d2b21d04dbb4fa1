"""What goes into the report: evaluation files of any age, movers, distributions."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import pytest

from nightmarket.modeling.evaluate import Metrics
from nightmarket.modeling.evaluation import lift, reliability
from nightmarket.report.evaluation import KNOWN_METRICS, Evaluation, read_evaluation
from nightmarket.report.movers import rank_movers, stability_index, trace_sums

DAY_1, DAY_2 = date(2017, 11, 30), date(2017, 12, 1)


def test_an_evaluation_is_read_with_its_intervals_and_baseline(evaluation_json: dict[str, Any]) -> None:
    evaluation = read_evaluation(evaluation_json, manifest={"train_origins": ["2017-09-08", "2017-08-11"]})
    precision, ece = evaluation.metrics
    assert (precision.name, precision.value, precision.frequency) == ("average_precision", 0.56, 0.5)
    assert precision.beats_frequency is True
    assert ece.beats_frequency is None
    assert evaluation.base_rate == 0.094
    assert [(one.feature, one.share, one.group) for one in evaluation.importance] == [
        ("pair__n_orders", 0.75, "pair"),
        ("text__rest_similarity", 0.25, "text"),
    ]
    assert evaluation.lift[0].lift == pytest.approx(7.0)
    assert evaluation.rivals[0][:2] == ("lightgbm", 0.56)
    assert evaluation.splits == (("trained on", "2017-09-08, 2017-08-11"),)


def test_the_report_reads_what_a_training_writes() -> None:
    y = np.array([0, 1] * 50, dtype=np.uint8)
    probability = np.linspace(0.01, 0.9, 100)
    written = {"reliability": reliability(y, probability), "lift": {"lightgbm": lift(y, probability)}}
    evaluation = read_evaluation(written, recipe="lightgbm")
    assert len(evaluation.reliability) == 20
    assert evaluation.lift[-1].share_of_purchases == 1
    assert set(KNOWN_METRICS) == {field.name for field in fields(Metrics)}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"metrics": None, "lift": [], "reliability": {}, "importance": "x", "decision": 3},
        {"metrics": {"lightgbm": {"auc": "high", "ece": float("nan")}}, "reliability": [{"forecast": None}, 3]},
        {"lift": {"lightgbm": [{"share_of_rows": 0, "share_of_purchases": 1}]}, "importance": {"a": 0, "b": None}},
        {"n_rows": 0, "n_positive": 0, "threshold": True},
    ],
)
def test_an_evaluation_of_another_shape_is_one_without_parts(raw: Any) -> None:
    evaluation = read_evaluation(raw, recipe="lightgbm")
    assert evaluation == Evaluation(recipe="lightgbm", n_rows=None)


def test_movers_are_ranked_by_absolute_change_and_ties_by_id() -> None:
    sums = {
        "big": {DAY_1: 100.0, DAY_2: 105.0},
        "tiny": {DAY_1: 0.1, DAY_2: 0.4},
        "b": {DAY_1: 10.0, DAY_2: 8.0},
        "a": {DAY_1: 20.0, DAY_2: 18.0},
        "gone": {DAY_1: 7.0},
        "still": {DAY_1: 1.0, DAY_2: 1.0},
    }
    movers = trace_sums(sums, [DAY_1, DAY_2], {"big": "Big one"})
    up, down = rank_movers(movers, 2)
    assert [(one.name, one.change) for one in up] == [("Big one", 5.0), ("tiny", pytest.approx(0.3))]
    assert [(one.id, one.change) for one in down] == [("gone", -7.0), ("a", -2.0)]
    assert movers[0].id == "big"


def test_on_the_first_night_nothing_moved() -> None:
    movers = trace_sums({"a": {DAY_2: 3.0}}, [DAY_2], {})
    assert rank_movers(movers, 5) == ((), ())
    assert movers[0].change_pct is None


def test_the_stability_index_is_zero_for_equal_and_finite_for_empty_bins() -> None:
    assert stability_index((0.5, 0.5), (0.5, 0.5)) == 0
    assert stability_index((1.0, 0.0), (0.0, 1.0)) == pytest.approx(23.0, abs=0.1)
