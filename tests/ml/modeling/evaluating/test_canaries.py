import time
from dataclasses import replace

import numpy as np
import pytest

from nightmarket.families.base import Kind
from nightmarket.modeling.evaluating.canaries import (
    PLANTED,
    catch_planted_future,
    hear_canaries,
    judge_shuffled_labels,
    plant_future,
    rank_single_features,
    shuffle_outcomes,
)
from nightmarket.modeling.evaluating.rounds import hold_round, shuffle_labels
from nightmarket.modeling.tournament import look_at
from nightmarket.modeling.training import read_training_frames, train_family

NOISE = "customer__spend_amount_28d"
"""A feature of the invented shop that says nothing."""


@pytest.fixture(scope="module")
def tournament(family, frames, conditions):
    return hold_round(family, frames, conditions)["probability"]


@pytest.fixture(scope="module")
def test_rows(family, frames, tournament):
    return look_at(family.primary, frames.by_origin[tournament.windows.test])


@pytest.fixture(scope="module")
def baseline(tournament):
    return tournament.tested["frequency"].forecast.value


def test_clean_features_ask_for_no_review(family, test_rows, baseline):
    heard = hear_canaries(family.primary, test_rows, family.feature_columns, baseline, seed=1)
    assert [one.name for one in heard] == ["single features", "planted future"]
    assert [one.reviews for one in heard] == [(), ()]
    assert heard[1].facts["caught"]


def test_a_column_that_knows_the_outcome_is_reviewed_by_name(family, test_rows, baseline):
    leaking = test_rows.with_columns({NOISE: plant_future(test_rows, 1).columns[PLANTED]})
    found = rank_single_features(family.primary, leaking, family.feature_columns, baseline)
    assert {review.subject for review in found.reviews} == {NOISE}
    assert {review.canary for review in found.reviews} == {"single feature", "single feature, never-bought pairs"}
    assert f"{NOISE} alone has AUC" in found.reviews[0].message
    assert next(iter(found.facts["highest"])) == NOISE


def test_a_column_that_knows_only_what_was_never_bought_is_reviewed_too(family, test_rows, baseline):
    random = np.random.default_rng(1)
    hidden = np.where(test_rows.is_new, test_rows.y, random.random(len(test_rows)) < 0.5)
    leaking = test_rows.with_columns({NOISE: hidden.astype(np.float32)})
    found = rank_single_features(family.primary, leaking, family.feature_columns, baseline)
    assert [(review.canary, review.subject) for review in found.reviews] == [
        ("single feature, never-bought pairs", NOISE)
    ]


def test_a_rule_that_cannot_catch_a_planted_column_says_that_it_is_blind(family, test_rows):
    bought = test_rows.take(np.flatnonzero(~test_rows.is_new))
    perfect = bought.y.astype(np.float64)
    found = catch_planted_future(family.primary, bought, perfect, seed=1)
    assert not found.facts["caught"]
    assert "blind" in found.reviews[0].message


def test_an_amount_has_no_auc_and_no_canary(family, test_rows, baseline):
    amount = replace(family.primary, kind=Kind.AMOUNT)
    assert hear_canaries(amount, test_rows, family.feature_columns, baseline, seed=1) == []


def test_shuffled_outcomes_are_the_same_ones_in_other_rows(frames, windows):
    frame = frames.by_origin[windows["probability"].test]
    frame = replace(frame, outcomes={"probability": frame.outcomes["probability"].copy()})
    frame.outcomes["probability"][:50] = np.nan
    dealt = shuffle_outcomes(frame, 1).outcomes["probability"]
    own = frame.outcomes["probability"]
    assert np.isnan(dealt[:50]).all()
    assert np.nansum(dealt) == np.nansum(own)
    assert not np.array_equal(dealt[50:], own[50:])


def test_shuffled_labels_cannot_be_learned_from_clean_features(family, shop, tournament, frames, conditions):
    found = shuffle_labels(family, shop(), tournament, frames, conditions)
    assert found.reviews == ()
    assert found.facts["low"] < 0.5 < found.facts["high"]


def test_features_that_are_derived_from_the_labels_are_found_by_shuffling_those(family, shop, windows, conditions):
    random = np.random.default_rng(0)

    def leak(frame):
        noise = random.normal(scale=0.5, size=len(frame))
        return frame.with_columns({NOISE: (frame.outcomes["probability"] + noise).astype(np.float32)})

    reader = shop(derived=leak)
    frames = read_training_frames(reader, family, windows)
    tournament = hold_round(family, frames, conditions)["probability"]
    found = shuffle_labels(family, reader, tournament, frames, conditions)
    assert found.facts["low"] > 0.6
    assert "something reads the labels" in found.reviews[0].message


def test_an_auc_near_a_half_is_chance_and_one_far_from_it_is_not(family):
    draws = np.random.default_rng(0).normal(0.505, 0.004, 200)
    assert judge_shuffled_labels(family.primary, 0.505, draws).reviews == ()
    assert judge_shuffled_labels(family.primary, 0.53, draws + 0.025).reviews != ()
    assert judge_shuffled_labels(family.primary, 0.47, draws - 0.035).reviews != ()


def test_the_canaries_of_a_training_take_two_seconds_at_most_on_many_rows(family, tiny_frame):
    large = tiny_frame(n_customers=2500, n_categories=200)
    baseline = large.columns["pair__n_orders"].astype(np.float64)
    started = time.process_time()
    hear_canaries(family.primary, large, family.feature_columns, baseline, seed=1)
    assert time.process_time() - started < 6  # 2 s where nothing else runs


def _train(family, frames):
    return train_family(family, frames, None, threshold=0.3, seed=1, threads=1).description["canaries"]["probability"]


def test_every_training_keeps_what_its_canaries_say(family, shop, frames, windows):
    assert _train(family, frames)["reviews"] == []

    def leak(frame):
        noise = np.random.default_rng(0).normal(scale=0.35, size=len(frame))
        return frame.with_columns({NOISE: (frame.outcomes["probability"] + noise).astype(np.float32)})

    leaking = read_training_frames(shop(derived=leak), family, windows)
    assert {review["subject"] for review in _train(family, leaking)["reviews"]} == {NOISE}
