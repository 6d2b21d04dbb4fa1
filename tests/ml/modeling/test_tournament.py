import json
from datetime import date, timedelta

import numpy as np
import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.families.purchase_intent import PURCHASE_INTENT
from nightmarket.modeling.evaluation import describe_tournament
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import training_windows
from nightmarket.modeling.tournament import Tournament, fit_scorer, hold_gate, keep_usable, measure_scorers


@pytest.fixture(scope="module")
def frames(tiny_frame):
    """A shop of forty customers: one origin to train on, one to calibrate, one to test."""
    start = date(2024, 5, 1)
    return [tiny_frame(start + timedelta(days=28 * i), n_customers=40, seed=i) for i in range(3)]


@pytest.fixture(scope="module")
def tested(frames):
    train, calibrate, test = frames
    scorers = {
        name: fit_scorer(recipe, [train], calibrate, features=PURCHASE_INTENT.feature_columns, seed=1, threads=1)
        for name, recipe in RECIPES.items()
    }
    return measure_scorers(scorers, test, threshold=0.3, seed=1)


def test_a_shop_of_forty_customers_still_gets_a_winner_with_its_reason(tested):
    decision = hold_gate(tested, None)
    assert decision.passed
    assert decision.recipe in RECIPES
    assert "average precision" in decision.reason or "No recipe beats frequency" in decision.reason


def test_every_metric_lies_in_its_interval_and_frequency_gains_nothing_over_itself(tested):
    for one in tested.values():
        for name, value in one.metrics.as_dict().items():
            # ECE is a mean of absolute gaps: resampling adds noise to each, so draws lie above the value.
            slack = 0.05 if name == "ece" else 0.01
            assert one.intervals[name].low - slack <= value <= one.intervals[name].high + slack
    assert {(gain.low, gain.high) for gain in tested["frequency"].gains.values()} == {(0.0, 0.0)}


def test_what_the_report_draws_is_plain_json(tested, frames):
    tournament = Tournament(tested, hold_gate(tested, "lightgbm"))
    said = json.loads(json.dumps(describe_tournament(tournament, frames[2].y, threshold=0.3)))
    assert set(said["metrics"]) == set(RECIPES)
    assert said["metrics"]["lightgbm"]["frequency_auc"] == said["metrics"]["frequency"]["auc"]
    assert sum(one["rows"] for one in said["reliability"]) == said["n_rows"] == len(frames[2])
    assert said["lift"]["lightgbm"][-1] == {"share_of_rows": 1.0, "share_of_purchases": 1.0}


WINDOWS = training_windows(date(2024, 10, 2), date(2024, 1, 1))
"""Training origins 2024-07-10, 06-12, 05-15 and 04-17; calibrate 2024-08-07, test 2024-09-04."""


def _read(tiny_frame, *, without_purchases=(), closed=()):
    frames = {}
    for origin in WINDOWS.origins:
        frames[origin] = tiny_frame(origin)
        if origin in without_purchases:
            frames[origin].label[:] = 0
        if origin in closed:
            frames[origin] = frames[origin].take(np.array([], np.int64))
    return frames


def test_training_origins_of_a_closed_season_are_dropped_and_named(tiny_frame):
    july, june, may, april = WINDOWS.train
    used = keep_usable(WINDOWS, _read(tiny_frame, without_purchases=[june], closed=[april, may]))
    assert used.train == (july,)
    assert used.refit_train == (WINDOWS.calibrate, july)
    assert used.dropped == (april, may, june)
    assert set(used.origins).isdisjoint(used.dropped)


def test_a_shop_that_never_closed_drops_nothing(tiny_frame):
    assert keep_usable(WINDOWS, _read(tiny_frame)) == WINDOWS


def test_a_training_without_any_usable_origin_is_refused_with_the_count(tiny_frame):
    with pytest.raises(
        TrainingRefused, match=r"Got 0 of 4 training origins .*04-17: 0 purchases in 0 rows.* at least 1"
    ):
        keep_usable(WINDOWS, _read(tiny_frame, without_purchases=WINDOWS.train[:3], closed=WINDOWS.train[3:]))


@pytest.mark.parametrize("origin", [WINDOWS.calibrate, WINDOWS.test])
def test_a_calibrate_or_test_origin_without_purchases_is_refused_with_the_count(tiny_frame, origin):
    with pytest.raises(TrainingRefused, match=f"Got 0 purchases in 720 rows at the origin {origin}"):
        keep_usable(WINDOWS, _read(tiny_frame, without_purchases=[origin]))


def test_the_same_seed_gives_the_same_tournament(tested, frames):
    train, calibrate, _ = frames
    again = fit_scorer(
        RECIPES["lightgbm"], [train], calibrate, features=PURCHASE_INTENT.feature_columns, seed=1, threads=2
    )
    assert np.array_equal(again.probabilities(frames[2]), tested["lightgbm"].probability)
