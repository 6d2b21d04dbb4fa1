import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.evaluating.family_evaluation import Readers, evaluate_family
from nightmarket.modeling.evaluating.results import compact, formulas_of, last_line, plain
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.splits import windows_of_family
from nightmarket.report.evaluation_table import render_text
from nightmarket.report.model_card import make_model_card
from nightmarket.report.results_page import render_results_page

CUT_OFF, FIRST_ORDER = date(2024, 10, 2), date(2024, 1, 1)
EARLIER = CUT_OFF - timedelta(days=28)
TEXT = "text__neighbours"


def _tells(frame: Frame) -> Frame:
    """Make one text feature say something about the outcome that nothing else does."""
    random = np.random.default_rng(frame.as_of_date.toordinal())
    said = frame.outcomes["probability"] + random.normal(scale=0.8, size=len(frame))
    return frame.with_columns({TEXT: said.astype(np.float32)})


def _says_nothing(frame: Frame) -> Frame:
    random = np.random.default_rng(frame.as_of_date.toordinal())
    return frame.with_columns({TEXT: random.normal(size=len(frame)).astype(np.float32)})


@pytest.fixture(scope="module")
def found(family, shop, conditions):
    cut_offs = {one: windows_of_family(family, one, FIRST_ORDER) for one in (CUT_OFF, EARLIER)}
    readers = Readers(shop(change=_tells), shop(derived=_says_nothing))
    return evaluate_family(family, readers, cut_offs, conditions, lambda said: None)


@pytest.fixture(scope="module")
def results(family, found, conditions):
    return plain(
        {
            "family": family.name, "title": family.title, "primary": family.primary.name, "as_of_date": CUT_OFF,
            "night": CUT_OFF, "snapshot_id": "0" * 16, "source": "files", "seeds": conditions.seeds,
            "threshold": 0.3, "labels_know": "what had arrived", "data_sha256": "0" * 64, "code_revision": "src-0",
            "split_dates": found.split_dates, "left_out": found.left_out, "formulas": formulas_of(family),
            "heads": found.heads,
            "reviews": [one for head in found.heads.values() for one in head["canaries"]["reviews"]],
        }
    )  # fmt: skip


def test_baselines_are_in_the_table_and_only_what_competes_can_win(results):
    final = results["heads"]["probability"]["final"]
    assert set(final["recipes"]) == {"lightgbm", "frequency", "popularity", "recency"}
    assert final["winner"] == "lightgbm"
    assert final["recipes"]["frequency"]["gain_over_baseline"]["roc_auc"] == {"low": 0.0, "high": 0.0}
    assert final["gains"]["lightgbm - recency"]["average_precision"]["low"] > 0


def test_the_final_test_comes_last_in_time_and_the_others_are_rolling(results):
    roles = [(one["role"], one["cut_off"], one["test"]) for one in results["split_dates"]]
    assert roles == [("final", "2024-10-02", "2024-09-04"), ("rolling", "2024-09-04", "2024-08-07")]
    for one in results["split_dates"]:
        assert max(one["train"]) < one["calibrate"] < one["test"] < one["cut_off"]
    assert results["heads"]["probability"]["rolling"][0]["test"] == "2024-08-07"


def test_seeds_move_what_is_random_and_leave_the_rest(results):
    seeds = results["heads"]["probability"]["final"]["seeds"]
    assert set(seeds) == {"lightgbm"}
    one = seeds["lightgbm"]["roc_auc"]
    assert len(one["values"]) == 2
    assert one["lowest"] <= one["mean"] <= one["highest"]


def test_text_that_says_something_gains_over_its_shuffled_self(results):
    arm = results["heads"]["probability"]["arms"]["text"]
    assert arm["recipe"] == "lightgbm"
    assert arm["gain_over_shuffled"]["roc_auc"]["low"] > 0


def test_text_that_says_nothing_gains_next_to_nothing_over_its_shuffled_self(family, shop, conditions, results):
    readers = Readers(shop(), shop(derived=_says_nothing))
    one = {CUT_OFF: windows_of_family(family, CUT_OFF, FIRST_ORDER)}
    clean = evaluate_family(family, readers, one, conditions, lambda said: None).heads["probability"]
    assert clean["canaries"]["reviews"] == []
    arm = clean["arms"]["text"]
    told = results["heads"]["probability"]["arms"]["text"]["gain_over_shuffled"]["roc_auc"]["low"]
    assert max(map(abs, arm["gain_by_seed"]["roc_auc"])) < told / 5  # on 1,440 rows two fits differ by a little


def test_a_feature_that_says_so_much_is_reviewed_by_name(results):
    assert {review["subject"] for review in results["reviews"]} == {TEXT}


def test_the_last_line_names_metrics_and_baselines_by_their_standard_names(results):
    line = last_line(results)
    names = {"average_precision", "new_pair_average_precision", "roc_auc", "brier", "ece"}
    assert names <= set(line["metrics"])
    assert set(line["baselines"]) == {"frequency", "popularity", "recency"}
    assert all(names <= set(metrics) for metrics in line["baselines"].values())
    assert set(line["gains"]) >= {"lightgbm - frequency", "lightgbm - text shuffled"}
    assert line["seeds"] == [1, 2]
    assert line["split_dates"][0]["test"] == "2024-09-04"
    assert json.loads(json.dumps(line, allow_nan=False)) == line


def test_every_metric_has_its_formula(results):
    assert set(results["heads"]["probability"]["final"]["recipes"]["lightgbm"]["metrics"]) <= set(results["formulas"])


def test_what_is_read_says_the_same_as_the_file(results):
    value = results["heads"]["probability"]["final"]["recipes"]["lightgbm"]["metrics"]["average_precision"]
    shown = f"{value:.4f}".removeprefix("0")
    card = make_model_card("purchase_intent", "Purchase intent", results["heads"], {"seeds": "1, 2"})
    for text in (render_text(results), card["card.md"], render_results_page([compact(results)])):
        assert shown in text
        assert "lightgbm - text shuffled" in text
        assert results["reviews"][0]["message"] in text


def test_the_card_has_two_plots_that_stand_alone(results):
    card = make_model_card("purchase_intent", "Purchase intent", results["heads"], {})
    plots = {name: text for name, text in card.items() if name.endswith(".svg")}
    assert set(plots) == {"probability_reliability.svg", "probability_gains.svg"}
    assert all('xmlns="http://www.w3.org/2000/svg"' in text and "<style>" in text for text in plots.values())
    assert all(f"({name})" in card["card.md"] for name in plots)


def test_an_evaluation_again_finds_the_same(family, shop, conditions, found):
    readers = Readers(shop(change=_tells), shop(derived=_says_nothing))
    one = {CUT_OFF: windows_of_family(family, CUT_OFF, FIRST_ORDER)}
    again = evaluate_family(family, readers, one, conditions, lambda said: None)
    assert again.data[CUT_OFF.isoformat()] == found.data[CUT_OFF.isoformat()]
    assert plain(again.heads["probability"]["final"]) == plain(found.heads["probability"]["final"])


def test_a_final_test_of_one_class_is_refused_with_the_count(family, shop, conditions):
    def closed(frame: Frame) -> Frame:
        return replace(frame, outcomes={"probability": np.zeros(len(frame), np.float32)})

    one = {CUT_OFF: windows_of_family(family, CUT_OFF, FIRST_ORDER)}
    with pytest.raises(TrainingRefused, match="Got 0 positive of 1440 rows at the origin"):
        evaluate_family(family, Readers(shop(change=closed), shop()), one, conditions, lambda said: None)


def test_an_earlier_cut_off_of_one_class_is_left_out_and_named(family, shop, conditions):
    def closed_in_august(frame: Frame) -> Frame:
        closed = frame.as_of_date == EARLIER - timedelta(days=28)
        return replace(frame, outcomes={"probability": frame.outcomes["probability"] * (not closed)})

    two = {one: windows_of_family(family, one, FIRST_ORDER) for one in (CUT_OFF + timedelta(days=56), EARLIER)}
    found = evaluate_family(family, Readers(shop(change=closed_in_august), shop()), two, conditions, lambda said: None)
    assert "Got 0 positive" in found.left_out[EARLIER.isoformat()]
    assert found.heads["probability"]["rolling"] == []


def test_a_shop_of_fewer_than_a_hundred_customers_is_told_that_only_the_baseline_competes(family, shop, conditions):
    one = {CUT_OFF: windows_of_family(family, CUT_OFF, FIRST_ORDER)}
    small = shop(n_customers=60)
    final = evaluate_family(family, Readers(small, small), one, conditions, lambda said: None).heads["probability"]
    assert final["final"]["winner"] == "frequency"
    assert "Got 60 customers" in final["final"]["reason"]
    assert set(final["final"]["recipes"]) == {"frequency", "popularity", "recency"}
    assert final["arms"] == {}
