"""Blocks of campaigns: the newest to test with, those that were over before to learn from."""

from __future__ import annotations

from datetime import date

import pytest

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.cuts import Cut, block_windows

SPRING = Cut(date(2017, 3, 1), date(2017, 3, 31), n_rows=200, n_positive=20)
EASTER = Cut(date(2017, 4, 10), date(2017, 4, 20), n_rows=100, n_positive=8)
MAY = Cut(date(2017, 5, 1), date(2017, 5, 20), n_rows=100, n_positive=12)
LONG = Cut(date(2017, 5, 10), date(2017, 7, 30), n_rows=500, n_positive=50)
JUNE = Cut(date(2017, 6, 1), date(2017, 6, 20), n_rows=100, n_positive=9)
JULY = Cut(date(2017, 7, 1), date(2017, 7, 20), n_rows=100, n_positive=4)
AUGUST = Cut(date(2017, 8, 1), date(2017, 9, 10), n_rows=100, n_positive=40)
ALL = [JULY, SPRING, AUGUST, LONG, JUNE, EASTER, MAY]


def test_the_newest_campaigns_test_and_those_that_were_over_before_are_learned_from() -> None:
    windows = block_windows(date(2017, 9, 1), ALL, min_positives=10)
    assert windows.cuts_of(windows.test) == (JUNE.cut_date, JULY.cut_date)
    assert windows.cuts_of(windows.calibrate) == (MAY.cut_date,)
    assert [windows.cuts_of(one) for one in windows.train] == [(SPRING.cut_date, EASTER.cut_date)]


def test_a_campaign_that_was_still_running_when_the_test_began_is_learned_from_by_the_refit_alone() -> None:
    windows = block_windows(date(2017, 9, 1), ALL, min_positives=10)
    tested_on = {cut for one in (*windows.train, windows.calibrate, windows.test) for cut in windows.cuts_of(one)}
    assert LONG.cut_date not in tested_on
    assert windows.refit_train == (LONG.cut_date, MAY.cut_date, SPRING.cut_date)
    assert windows.refit_calibrate == windows.test == JUNE.cut_date


def test_a_campaign_that_is_not_over_before_the_cut_off_is_in_no_window() -> None:
    for cut_off, is_in in ((AUGUST.last_day, False), (date(2017, 9, 11), True)):
        windows = block_windows(cut_off, ALL, min_positives=10)
        assert (AUGUST.cut_date in {cut for block in windows.blocks for cut in block}) == is_in


def test_every_campaign_is_in_one_block_which_is_called_by_its_first_day() -> None:
    windows = block_windows(date(2017, 9, 11), ALL, min_positives=10)
    cuts = [cut for block in windows.blocks for cut in block]
    assert sorted(cuts) == sorted(one.cut_date for one in ALL)
    assert all(block[0] == min(block) for block in windows.blocks)
    assert windows.origins == tuple(sorted(block[0] for block in windows.blocks))


def test_too_few_responses_are_refused_with_what_there_is() -> None:
    with pytest.raises(
        TrainingRefused, match=r"Got 2 starts of campaigns that were over before 2017-05-01, with 28 responses, but"
    ):
        block_windows(date(2017, 5, 1), ALL, min_positives=10)
    with pytest.raises(TrainingRefused, match="Got 0 starts of campaigns"):
        block_windows(date(2017, 5, 1), [])
