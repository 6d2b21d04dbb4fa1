from datetime import date, timedelta

import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.splits import training_windows

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
