"""What goes into the report: evaluation files of any age, movers, distributions, promises."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from nightmarket.modeling.evaluation import lift, reliability
from nightmarket.modeling.metrics import LOWER_IS_BETTER, METRICS
from nightmarket.report.evaluation import Evaluation, Rival
from nightmarket.report.evaluation_files import read_evaluation
from nightmarket.report.metric_names import KNOWN_METRICS
from nightmarket.report.movers import in_both_nights, rank_movers, stability_index, tell_apart, trace_sums
from nightmarket.report.promises import read_promises

DAY_1, DAY_2 = date(2017, 11, 30), date(2017, 12, 1)


def test_an_evaluation_is_read_with_its_intervals_and_baseline(evaluation_json: dict[str, Any]) -> None:
    manifest = {
        "heads": {"probability": {"recipe": "lightgbm"}},
        "train_origins": ["2017-01-01"],
        "windows_of_heads": {"probability": {"train_origins": ["2017-09-08", "2017-08-11"]}},
    }
    evaluation = read_evaluation(evaluation_json, "probability", manifest=manifest)
    precision, ece = evaluation.metrics
    assert (precision.name, precision.value, precision.baseline) == ("average_precision", 0.56, 0.5)
    assert evaluation.headline == precision
    assert precision.beats_baseline is True
    assert ece.beats_baseline is None
    assert evaluation.base_rate == 0.094
    assert [(one.feature, one.share, one.group) for one in evaluation.importance] == [
        ("pair__n_orders", 0.75, "pair"),
        ("text__rest_similarity", 0.25, "text"),
    ]
    assert evaluation.lift[0].lift == pytest.approx(7.0)
    assert evaluation.rivals[0] == Rival("lightgbm", 0.56, pytest.approx(0.504), pytest.approx(0.616))
    assert evaluation.splits == (("trained on", "2017-09-08, 2017-08-11"),)


def test_the_report_reads_what_a_training_writes() -> None:
    y = np.array([0, 1] * 50, dtype=np.uint8)
    probability = np.linspace(0.01, 0.9, 100)
    head = {
        "decision": {"recipe": "lightgbm"},
        "reliability": reliability(y, probability),
        "lift": {"lightgbm": lift(y, probability)},
    }
    evaluation = read_evaluation({"heads": {"probability": head}}, "probability")
    assert len(evaluation.reliability) == 20
    assert evaluation.lift[-1].share_of_purchases == 1


@pytest.mark.parametrize("way", sorted(METRICS))
def test_every_metric_that_is_measured_has_a_name_in_the_report(way: str) -> None:
    formulas = getattr(import_module(METRICS[way].__module__), "FORMULAS", {})
    assert set(formulas) <= set(KNOWN_METRICS)
    assert all(KNOWN_METRICS[name][2] is (name not in LOWER_IS_BETTER) for name in formulas if name != "bias")


@pytest.mark.parametrize(
    "head",
    [
        None,
        {},
        {"metrics": None, "lift": [], "reliability": {}, "importance": "x", "decision": 3, "baseline": 1},
        {"metrics": {"lightgbm": {"roc_auc": "high", "ece": float("nan")}}, "reliability": [{"forecast": None}, 3]},
        {"lift": {"lightgbm": [{"share_of_rows": 0, "share_of_purchases": 1}]}, "importance": {"a": 0, "b": None}},
        {"n_rows": 0, "n_positive": 0, "threshold": True},
    ],
)
def test_an_evaluation_of_another_shape_is_one_without_parts(head: Any) -> None:
    manifest = {"heads": {"probability": {"recipe": "lightgbm"}}}
    evaluation = read_evaluation({"heads": {"probability": head}}, "probability", manifest=manifest)
    assert evaluation == Evaluation(recipe="lightgbm")
    assert read_evaluation({"metrics": {}}, "probability") == Evaluation()


def test_promises_are_summed_by_night_and_head() -> None:
    rows = [
        ("probability", DAY_2, 28, "m/1", DAY_2, 10, 1.0, 2.0, None),
        ("probability", DAY_2, 28, "m/1", DAY_2, 10, 4.0, 6.0, None),
        ("probability", DAY_1, 28, "m/1", DAY_2, 10, 1.0, 0.0, None),
        ("spend", DAY_1, 56, "m/1", DAY_2, 10, 50.0, 40.0, 8),
    ]
    promises = read_promises(rows)
    newest, older = promises["probability"]
    assert (newest.night, newest.promised, newest.happened, newest.off_pct) == (DAY_2, 5.0, 8.0, -37.5)
    assert newest.closed_on == date(2017, 12, 29)
    assert (older.off_pct, older.inside_pct) == (None, None)
    assert promises["spend"][0].inside_pct == 80.0


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


def test_items_of_the_same_name_are_told_apart_by_their_ids() -> None:
    movers = trace_sums({"1": {DAY_2: 3.0}, "2": {DAY_2: 2.0}, "3": {DAY_2: 1.0}}, [DAY_2], {"1": "Milk", "2": "Milk"})
    assert [one.name for one in tell_apart(movers, 3)] == ["Milk (1)", "Milk (2)", "3"]
    assert [one.name for one in tell_apart(movers, 1)] == ["Milk"]


def test_a_customer_who_is_no_longer_scored_has_not_fallen() -> None:
    sums = {"gone": {DAY_1: 0.9}, "new": {DAY_2: 0.2}, "stays": {DAY_1: 0.5, DAY_2: 0.4}}
    assert list(in_both_nights(sums, [DAY_1, DAY_2])) == ["stays"]


def test_the_stability_index_is_zero_for_equal_and_finite_for_empty_bins() -> None:
    assert stability_index((0.5, 0.5), (0.5, 0.5)) == 0
    assert stability_index((1.0, 0.0), (0.0, 1.0)) == pytest.approx(23.0, abs=0.1)
