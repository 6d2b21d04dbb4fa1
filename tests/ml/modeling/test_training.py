"""A training of a family whose heads look differently far: windows, missing heads, and what is published of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from nightmarket.contracts import Column
from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family, Head, Kind
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.scoring import score_frame
from nightmarket.modeling.splits import origins_of, windows_of_family
from nightmarket.modeling.training import Trained, read_training_frames, train_family

CUT_OFF = date(2024, 10, 2)
SOON = Head(
    "probability",
    Kind.PROBABILITY,
    horizon_days=28,
    recipes=("logistic_regression", "frequency"),
    baseline="frequency",
    metrics="pairs",
    gate_metric="average_precision",
)
LATER = replace(SOON, name="later_probability", horizon_days=56, outcome="has_bought_later")
FAMILY = replace(
    PURCHASE_INTENT,
    heads=(SOON, LATER),
    predictions=(
        *PURCHASE_INTENT.predictions,
        Column("later_probability", "DOUBLE", "Probability that the customer buys within 56 days."),
    ),
)


class TinyShop:
    """Frames of the tiny shop by origin; which of them were read, and on which the space was fitted."""

    def __init__(self, tiny_frame: Callable[..., Frame], family: Family, change: Callable[[Frame], Frame]) -> None:
        self._tiny_frame, self._family, self._change = tiny_frame, family, change
        self.was_read: list[date] = []
        self.fitted_on: date | None = None

    def read(self, as_of: date, *, with_label: bool) -> Frame:
        assert with_label
        self.was_read.append(as_of)
        frame = self._tiny_frame(as_of, n_customers=120, seed=as_of.toordinal() % 97)
        outcome = frame.outcomes["probability"]
        return self._change(replace(frame, label=None, outcomes={head.name: outcome for head in self._family.heads}))

    def fit_space(self, frame: Frame) -> dict[str, Any]:
        self.fitted_on = frame.as_of_date
        return {"fitted": np.ones(1)}

    def derive(self, frame: Frame, fitted: Any) -> Frame:
        assert fitted["fitted"].tolist() == [1.0]
        return frame


@pytest.fixture
def shop(tiny_frame: Callable[..., Frame]) -> Callable[..., TinyShop]:
    def build(family: Family = FAMILY, change: Callable[[Frame], Frame] = lambda frame: frame) -> TinyShop:
        return TinyShop(tiny_frame, family, change)

    return build


def _train(shop: TinyShop, first_order: date, family: Family = FAMILY, champion: str | None = None) -> Trained:
    windows = windows_of_family(family, CUT_OFF, first_order)
    frames = read_training_frames(shop, family, windows)
    assert shop.was_read == list(origins_of(windows))
    return train_family(family, frames, champion, threshold=0.3, seed=1, threads=1)


def _undefined_later(origin: date) -> Callable[[Frame], Frame]:
    """Half of the rows of ``origin`` have no outcome of the later head."""

    def change(frame: Frame) -> Frame:
        if frame.as_of_date != origin:
            return frame
        later = frame.outcomes["later_probability"].copy()
        later[::2] = np.nan
        return replace(frame, outcomes={**frame.outcomes, "later_probability": later})

    return change


def _without_later_positives(frame: Frame) -> Frame:
    return replace(frame, outcomes={**frame.outcomes, "later_probability": np.zeros(len(frame), np.float32)})


def test_each_head_is_trained_on_its_own_windows_and_published(shop: Any, tiny_frame: Any) -> None:
    tiny_shop = shop()
    trained = _train(tiny_shop, date(2023, 10, 1))
    assert list(trained.scorers) == ["probability", "later_probability"]
    assert trained.tournaments["probability"].windows.test == CUT_OFF - timedelta(days=28)
    assert trained.tournaments["later_probability"].windows.test == CUT_OFF - timedelta(days=56)
    assert trained.decision == trained.tournaments["probability"].decision
    table = score_frame(tiny_frame(), trained.scorers, FAMILY, top_k=None, model_version="v", run_id="r")
    assert table.column_names == [column.name for column in FAMILY.table.columns]
    assert table["later_probability"].null_count == table["probability"].null_count == 0
    assert set(table["horizon_days"].to_pylist()) == {28}


def test_what_features_are_derived_with_is_fitted_before_any_label_of_a_test(shop: Any) -> None:
    tiny_shop = shop()
    trained = _train(tiny_shop, date(2023, 10, 1))
    assert tiny_shop.fitted_on == CUT_OFF - timedelta(days=3 * 56)
    assert all(tiny_shop.fitted_on < one.windows.calibrate for one in trained.tournaments.values())


def test_a_head_without_enough_history_is_left_out_and_its_column_is_null(shop: Any, tiny_frame: Any) -> None:
    trained = _train(shop(), CUT_OFF - timedelta(days=200))
    assert list(trained.scorers) == list(trained.tournaments) == ["probability"]
    assert list(trained.description["heads"]) == ["probability"]
    table = score_frame(tiny_frame(), trained.scorers, FAMILY, top_k=None, model_version="v", run_id="r")
    assert table["later_probability"].null_count == table.num_rows
    assert table["probability"].null_count == 0
    assert str(table.schema.field("later_probability").type) == "double"


def test_a_head_that_is_of_one_class_where_it_is_tested_is_left_out(shop: Any) -> None:
    trained = _train(shop(change=_without_later_positives), date(2023, 10, 1))
    assert list(trained.scorers) == ["probability"]


def test_a_primary_head_of_one_class_is_refused(shop: Any) -> None:
    family = replace(FAMILY, heads=(replace(LATER, horizon_days=28),))
    with pytest.raises(TrainingRefused, match="for later_probability but expected both positive and other rows"):
        _train(shop(family, _without_later_positives), date(2023, 10, 1), family)


def test_a_row_whose_outcome_is_undefined_is_used_by_the_other_head_alone(shop: Any) -> None:
    test = CUT_OFF - timedelta(days=56)
    trained = _train(shop(change=_undefined_later(test)), date(2023, 10, 1))
    heads = trained.description["heads"]
    assert trained.tournaments["probability"].windows.calibrate == test
    assert heads["later_probability"]["n_rows"] == 720
    assert heads["probability"]["n_rows"] == 1440


def test_what_a_training_says_of_its_heads_is_plain_json(shop: Any) -> None:
    said = json.loads(json.dumps(_train(shop(), date(2023, 10, 1)).description))
    assert said["family"] == "purchase_intent"
    assert {name: head["test_origin"] for name, head in said["heads"].items()} == {
        "probability": "2024-09-04",
        "later_probability": "2024-08-07",
    }


def test_the_champion_is_of_the_primary_head_alone(shop: Any) -> None:
    trained = _train(shop(), date(2023, 10, 1), champion="frequency")
    assert "The champion recipe stays, refitted." in trained.decision.reason
    assert "The champion recipe stays" not in trained.tournaments["later_probability"].decision.reason


def test_a_version_is_refused_where_the_refit_of_any_head_is(shop: Any) -> None:
    def turned_round(frame: Frame) -> Frame:
        """One feature says it all; but what the refit learns most from says the contrary, so its forecast is flat."""
        later = (frame.columns["customer__n_orders"] > 0.8).astype(np.float32)
        is_contrary = frame.as_of_date == CUT_OFF - timedelta(days=140)
        frame = replace(frame, outcomes={**frame.outcomes, "later_probability": 1 - later if is_contrary else later})
        return frame.take(np.arange(360)) if frame.as_of_date == CUT_OFF - timedelta(days=112) else frame

    family = replace(FAMILY, max_train_origins=2)
    trained = _train(shop(family, turned_round), date(2023, 10, 1), family)
    assert trained.tournaments["probability"].decision.passed
    assert not trained.tournaments["later_probability"].decision.passed
    assert not trained.decision.passed
    assert trained.decision.recipe == trained.tournaments["probability"].decision.recipe
    assert trained.decision.reason.startswith("later_probability: Refused after the refit of ")
