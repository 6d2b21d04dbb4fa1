import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.evaluation import describe_tournament
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.sampling import split_customers
from nightmarket.modeling.splits import training_windows
from nightmarket.modeling.tournament import (
    Tournament,
    competing_recipes,
    fit_scorer,
    hold_gate,
    hold_tournament,
    keep_usable,
    measure_scorers,
)

HEAD = replace(PURCHASE_INTENT.primary, recipes=("lightgbm", "logistic_regression", "frequency"))
WINDOWS = training_windows(date(2024, 10, 2), date(2024, 1, 1))
"""Training origins 2024-07-10, 06-12, 05-15 and 04-17; calibrate 2024-08-07, test 2024-09-04."""


@pytest.fixture(scope="module")
def frames(tiny_frame):
    """A shop of forty customers: one origin to train on, one to calibrate, one to test."""
    start = date(2024, 5, 1)
    return [tiny_frame(start + timedelta(days=28 * i), n_customers=40, seed=i) for i in range(3)]


@pytest.fixture(scope="module")
def tested(frames):
    train, calibrate, test = frames
    scorers = {name: _fit(name, train, calibrate) for name in HEAD.recipes}
    return measure_scorers(HEAD, scorers, test, threshold=0.3, seed=1)


def _fit(recipe, train, calibrate, *, threads=1):
    features = PURCHASE_INTENT.feature_columns
    return fit_scorer(HEAD, RECIPES[recipe], [train], calibrate, features=features, seed=1, threads=threads)


def test_a_shop_of_forty_customers_still_gets_a_winner_with_its_reason(tested):
    decision = hold_gate(HEAD, tested, None)
    assert decision.passed
    assert decision.recipe in RECIPES
    assert "average precision" in decision.reason or "No recipe beats frequency" in decision.reason


def test_every_metric_lies_in_its_interval_and_frequency_gains_nothing_over_itself(tested):
    for one in tested.values():
        for name, value in one.metrics.items():
            # ECE is a mean of absolute gaps: resampling adds noise to each, so draws lie above the value.
            slack = 0.05 if name == "ece" else 0.01
            assert one.intervals[name].low - slack <= value <= one.intervals[name].high + slack
    assert {(gain.low, gain.high) for gain in tested["frequency"].gains.values()} == {(0.0, 0.0)}


def test_what_the_report_draws_is_plain_json(tested, frames):
    tournament = Tournament(HEAD, WINDOWS, tested, hold_gate(HEAD, tested, "lightgbm"))
    said = json.loads(json.dumps(describe_tournament(tournament, frames[2].y, threshold=0.3)))
    assert set(said["metrics"]) == set(HEAD.recipes)
    assert said["metrics"]["lightgbm"]["baseline_roc_auc"] == said["metrics"]["frequency"]["roc_auc"]
    assert sum(one["rows"] for one in said["reliability"]) == said["n_rows"] == len(frames[2])
    assert said["lift"]["lightgbm"][-1] == {"share_of_rows": 1.0, "share_of_purchases": 1.0}


def _read(tiny_frame, *, without_purchases=(), closed=()):
    frames = {}
    for origin in WINDOWS.origins:
        frames[origin] = tiny_frame(origin)
        if origin in without_purchases:
            frames[origin].outcomes[HEAD.name][:] = 0
        if origin in closed:
            frames[origin] = frames[origin].take(np.array([], np.int64))
    return frames


def test_training_origins_of_a_closed_season_are_dropped_and_named(tiny_frame):
    july, june, may, april = WINDOWS.train
    used = keep_usable(HEAD, WINDOWS, _read(tiny_frame, without_purchases=[june], closed=[april, may]))
    assert used.train == (july,)
    assert used.refit_train == (WINDOWS.calibrate, july)
    assert used.dropped == (april, may, june)
    assert set(used.origins).isdisjoint(used.dropped)


def test_a_shop_that_never_closed_drops_nothing(tiny_frame):
    assert keep_usable(HEAD, WINDOWS, _read(tiny_frame)) == WINDOWS


def test_a_training_without_any_usable_origin_is_refused_with_the_count(tiny_frame):
    frames = _read(tiny_frame, without_purchases=WINDOWS.train[:3], closed=WINDOWS.train[3:])
    with pytest.raises(
        TrainingRefused, match=r"Got 0 of 4 training origins .*04-17: 0 positive of 0 rows.* at least 1"
    ):
        keep_usable(HEAD, WINDOWS, frames)


@pytest.mark.parametrize("origin", [WINDOWS.calibrate, WINDOWS.test])
def test_a_calibrate_or_test_origin_of_one_class_is_refused_with_the_count(tiny_frame, origin):
    with pytest.raises(TrainingRefused, match=f"Got 0 positive of 720 rows at the origin {origin} for probability"):
        keep_usable(HEAD, WINDOWS, _read(tiny_frame, without_purchases=[origin]))


def test_the_same_seed_gives_the_same_tournament(tested, frames):
    again = _fit("lightgbm", frames[0], frames[1], threads=2)
    assert np.array_equal(again.forecast(frames[2]).value, tested["lightgbm"].forecast.value)


def test_a_large_shop_learns_from_most_customers_of_its_newest_window_and_calibrates_on_the_others(tiny_frame):
    origins = [tiny_frame(date(2024, 5, 1) + timedelta(days=28 * i), n_customers=900, seed=i) for i in range(2)]
    recipe, features = RECIPES["frequency"], PURCHASE_INTENT.feature_columns
    whole, shared = (
        fit_scorer(
            replace(HEAD, calibrate_share=share), recipe, origins[:1], origins[1], features=features, seed=1, threads=1
        )
        for share in (1.0, 0.4)
    )
    newest, kept = split_customers(origins[1], 0.4)
    assert set(newest.customer).isdisjoint(kept.customer)
    assert len(newest) + len(kept) == len(origins[1])
    by_hand = recipe.fit([newest, origins[0]], features=features, seed=1, threads=1)
    assert shared.model == by_hand
    assert shared.model != whole.model


def test_a_small_shop_calibrates_on_its_newest_window_whole(frames):
    whole, shared = (
        fit_scorer(
            replace(HEAD, calibrate_share=share),
            RECIPES["frequency"],
            frames[:1],
            frames[1],
            features=PURCHASE_INTENT.feature_columns,
            seed=1,
            threads=1,
        )
        for share in (1.0, 0.2)
    )
    assert np.array_equal(shared.forecast(frames[2]).value, whole.forecast(frames[2]).value)


def _with_positives(frame, n_positive):
    outcome = np.zeros(len(frame), np.float32)
    outcome[:n_positive] = 1
    return replace(frame, outcomes={HEAD.name: outcome}).head(HEAD.name)


@pytest.mark.parametrize(
    ("n_customers", "n_positive", "recipes"),
    [(100, 50, HEAD.recipes), (99, 50, (HEAD.baseline,)), (100, 49, (HEAD.baseline,))],
)
def test_below_a_hundred_customers_or_fifty_positives_only_the_baseline_competes(
    tiny_frame, n_customers, n_positive, recipes
):
    competing, why = competing_recipes(HEAD, [_with_positives(tiny_frame(n_customers=n_customers), n_positive)])
    assert competing == recipes
    if recipes == HEAD.recipes:
        assert why == ""
    else:
        assert f"Got {n_customers} customers and {n_positive} positive rows" in why
        assert "at least 100 and 50: only the baseline competes" in why


def test_customers_and_positives_are_counted_over_all_training_origins_and_customers_once(tiny_frame):
    frames = [_with_positives(tiny_frame(n_customers=100, seed=i), 25) for i in range(2)]
    assert competing_recipes(HEAD, frames) == (HEAD.recipes, "")
    fewer = [_with_positives(tiny_frame(n_customers=60, seed=i), 25) for i in range(2)]
    assert "Got 60 customers and 50 positive rows" in competing_recipes(HEAD, fewer)[1]


def test_a_customer_for_whom_the_head_is_undefined_is_not_counted(tiny_frame):
    frame = tiny_frame(n_customers=120)
    outcome = frame.outcomes[HEAD.name].copy()
    outcome[frame.customer >= 90] = np.nan
    looked_at = replace(frame, outcomes={HEAD.name: outcome}).head(HEAD.name)
    assert competing_recipes(HEAD, [looked_at])[1].startswith("Got 90 customers and ")


def test_a_small_shop_gets_the_baseline_and_the_gate_says_why(tiny_frame):
    frames = {origin: tiny_frame(origin, n_customers=40, seed=i) for i, origin in enumerate(WINDOWS.origins)}
    held = hold_tournament(PURCHASE_INTENT, HEAD, frames, WINDOWS, "lightgbm", threshold=0.3, seed=1, threads=1)
    assert set(held.tested) == {"frequency"}
    assert held.decision.passed
    assert held.decision.reason.startswith("Got 40 customers and ")
    assert "Only frequency competes (average precision " in held.decision.reason
