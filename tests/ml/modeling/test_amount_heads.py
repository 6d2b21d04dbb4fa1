"""A head that predicts an amount, from its training to the published interval."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from nightmarket.contracts import Column
from nightmarket.families.base import Head, Kind
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.model_files import load_model, save_model
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.scoring import score_frame
from nightmarket.modeling.splits import origins_of, windows_of_family
from nightmarket.modeling.training import Trained, TrainingFrames, train_family

SPEND = Head(
    "expected_spend_28d",
    Kind.AMOUNT,
    horizon_days=28,
    recipes=("amount_trees", "amount_ridge"),
    baseline="amount_ridge",
    metrics="amounts",
    gate_metric="wape",
    outcome="spend_amount",
    features=("pair__n_orders", "pair__spend_amount_84d"),
)
_ENDS = ("", "_low", "_high")
FAMILY = replace(
    PURCHASE_INTENT,
    heads=(*PURCHASE_INTENT.heads, SPEND),
    predictions=(
        *PURCHASE_INTENT.predictions,
        *(Column(f"{SPEND.name}{end}", "DOUBLE", "What the customer will spend.") for end in _ENDS),
    ),
)
CUT_OFF = date(2024, 10, 2)


@pytest.fixture(scope="module")
def with_spend(tiny_frame: Callable[..., Frame]) -> Callable[[date], Frame]:
    """Frames whose spend is three times what was spent before, give or take; of every tenth row it is not known."""

    def build(as_of: date) -> Frame:
        frame = tiny_frame(as_of, n_customers=150, seed=as_of.toordinal() % 97)
        random = np.random.default_rng(as_of.toordinal())
        before = random.gamma(2.0, 10.0, len(frame)).astype(np.float32)
        spend = 3 * before * random.lognormal(0, 0.4, len(frame))
        spend[::10] = np.nan
        return replace(
            frame.with_columns({"pair__spend_amount_84d": before}),
            label=None,
            outcomes={**frame.outcomes, SPEND.name: spend.astype(np.float32)},
        )

    return build


@pytest.fixture(scope="module")
def trained(with_spend: Callable[[date], Frame]) -> Trained:
    windows = windows_of_family(FAMILY, CUT_OFF, CUT_OFF - timedelta(days=200))
    frames = TrainingFrames(windows, {origin: with_spend(origin) for origin in origins_of(windows)}, {})
    return train_family(FAMILY, frames, None, threshold=0.3, seed=1, threads=1)


def _scored(trained: Trained, frame: Frame) -> pa.Table:
    return score_frame(frame, trained.scorers, FAMILY, top_k=None, model_version="v", run_id="r")


def test_an_amount_is_published_inside_its_interval(trained: Trained, with_spend: Callable[[date], Frame]) -> None:
    table = _scored(trained, with_spend(CUT_OFF))
    value, low, high = (table[f"{SPEND.name}{end}"].to_numpy() for end in _ENDS)
    assert table.column_names == [column.name for column in FAMILY.table.columns]
    assert np.isfinite(value).all()
    assert ((low >= 0) & (low <= value) & (value <= high)).all()
    assert np.corrcoef(value, with_spend(CUT_OFF).columns["pair__spend_amount_84d"])[0, 1] > 0.8


def test_the_interval_holds_four_in_five_outcomes_that_the_training_never_saw(
    trained: Trained, with_spend: Callable[[date], Frame]
) -> None:
    frame = with_spend(CUT_OFF)
    table, spend = _scored(trained, frame), frame.outcomes[SPEND.name]
    known = np.isfinite(spend)
    held = (table[f"{SPEND.name}_low"].to_numpy() <= spend) & (spend <= table[f"{SPEND.name}_high"].to_numpy())
    assert 0.75 < held[known].mean() < 0.85


def test_an_amount_is_measured_on_the_rows_where_it_is_known(trained: Trained) -> None:
    said = json.loads(json.dumps(trained.description["heads"][SPEND.name]))
    assert said["kind"] == "amount"
    assert said["n_rows"] == 1620
    assert {"wape", "bias", "spearman", "coverage_80", "mae"} <= set(said["metrics"]["amount_ridge"])
    assert "reliability" not in said


def test_a_stored_version_forecasts_the_same_amounts(
    trained: Trained, with_spend: Callable[[date], Frame], tmp_path: Path
) -> None:
    manifest = save_model(tmp_path, trained.scorers, {}, manifest={"label_cutoff": str(CUT_OFF)}, evaluation={})
    stored = load_model(tmp_path, manifest_sha256=manifest)
    assert set(stored.scorers) == {"probability", SPEND.name}
    assert _scored(replace(trained, scorers=stored.scorers), with_spend(CUT_OFF)).equals(
        _scored(trained, with_spend(CUT_OFF))
    )
