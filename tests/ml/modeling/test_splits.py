from dataclasses import replace
from datetime import date, timedelta

import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.splits import origins_of, training_windows, windows_of_family

FIRST = date(2017, 1, 1)


def test_windows_are_those_of_the_design():
    windows = training_windows(date(2017, 12, 25), FIRST, max_train_origins=3)
    assert windows.train == (date(2017, 10, 2), date(2017, 9, 4), date(2017, 8, 7))
    assert windows.calibrate == date(2017, 10, 30)
    assert windows.test == windows.refit_calibrate == date(2017, 11, 27)
    assert windows.refit_train == (date(2017, 10, 30), date(2017, 10, 2), date(2017, 9, 4))


def test_no_label_reaches_past_the_cut_off():
    windows = training_windows(date(2018, 1, 1), FIRST)
    assert max(windows.origins) + timedelta(days=28) == windows.cut_off
    assert len(windows.train) == len(windows.refit_train) == 4
    assert min(windows.train) - timedelta(days=28) not in windows.origins


def test_the_first_night_of_the_demo_trains_on_one_origin():
    windows = training_windows(date(2017, 5, 21), FIRST)
    assert windows.train == (date(2017, 2, 26),)
    assert (windows.train[0] - FIRST).days == 56


def test_a_day_too_early_is_refused_with_the_count_and_the_first_night():
    with pytest.raises(TrainingRefused, match=r"Got 139 days of history .* at least 140: .*from 2017-05-21 on"):
        training_windows(date(2017, 5, 20), FIRST)


SOON = PURCHASE_INTENT.primary
LATER = replace(SOON, name="later_probability", horizon_days=56, outcome="has_bought_later")
FAMILY = replace(PURCHASE_INTENT, heads=(SOON, LATER), max_train_origins=4)


def test_a_head_of_56_days_is_tested_calibrated_and_trained_in_steps_of_its_own_window():
    windows = windows_of_family(FAMILY, date(2017, 12, 25), FIRST)["later_probability"]
    assert windows.test == windows.refit_calibrate == date(2017, 10, 30)
    assert windows.calibrate == date(2017, 9, 4)
    assert windows.train == (date(2017, 7, 10), date(2017, 6, 12), date(2017, 5, 15), date(2017, 4, 17))
    assert windows.refit_train == (date(2017, 9, 4), date(2017, 8, 7), date(2017, 7, 10), date(2017, 6, 12))


@pytest.mark.parametrize("head", FAMILY.heads, ids=lambda head: head.name)
def test_no_label_of_a_step_overlaps_the_features_of_the_next(head):
    windows = windows_of_family(FAMILY, date(2017, 12, 25), FIRST)[head.name]
    horizon = timedelta(days=head.horizon_days)
    assert max(windows.train) + horizon <= windows.calibrate
    assert windows.calibrate + horizon <= windows.test
    assert max(windows.refit_train) + horizon <= windows.refit_calibrate
    assert max(windows.origins) + horizon <= windows.cut_off


@pytest.mark.parametrize(("days", "heads"), [(140, ["probability"]), (223, ["probability"]), (224, None)])
def test_a_head_that_looks_too_far_for_the_history_is_left_out_and_the_primary_one_never(days, heads):
    found = windows_of_family(FAMILY, FIRST + timedelta(days=days), FIRST)
    assert list(found) == (heads or [head.name for head in FAMILY.heads])


def test_too_little_history_for_the_primary_head_is_refused():
    family = replace(FAMILY, heads=(LATER, SOON))
    with pytest.raises(TrainingRefused, match=r"at least 224: 56 to learn from and three closed windows of 56 days"):
        windows_of_family(family, FIRST + timedelta(days=223), FIRST)


def test_a_family_says_how_many_origins_it_trains_on_and_every_origin_is_read_once():
    family = replace(FAMILY, max_train_origins=2)
    windows = windows_of_family(family, date(2017, 12, 25), FIRST)
    assert {name: len(one.train) for name, one in windows.items()} == {"probability": 2, "later_probability": 2}
    read = origins_of(windows)
    assert list(read) == sorted(set(read))
    assert set(read) == {origin for one in windows.values() for origin in one.origins}
