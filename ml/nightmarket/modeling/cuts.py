"""The windows of a family whose rows have cuts of their own: campaigns, each cut at the day it starts.

Windows follow time as everywhere, but a campaign has as few customers as it has, and ends when it ends. So origins
are blocks of campaigns: as many of the newest as a test needs, then of those before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from nightmarket.errors import TrainingRefused
from nightmarket.modeling.splits import TrainingWindows

MIN_BLOCK_POSITIVES = 30
"""Positive rows below which a block is too small to test or to calibrate on."""


@dataclass(frozen=True)
class Cut:
    """The labelled rows of one cut.

    Attributes
    ----------
    cut_date : features know what had happened and arrived before it
    last_day : of the longest window of its rows
    """

    cut_date: date
    last_day: date
    n_rows: int
    n_positive: int


def block_windows(cut_off: date, cuts: Sequence[Cut], *, min_positives: int = MIN_BLOCK_POSITIVES) -> TrainingWindows:
    """Return the windows of a training at ``cut_off`` on those of ``cuts`` that were over before it.

    ``test`` is a block of the newest cuts, with ``min_positives`` positive rows or more. ``calibrate`` is one of the
    newest cuts that were over before the first day of the test, and ``train`` the rest of those. What was still
    running then is learned from by the refit alone, which is calibrated on the block of the test.

    Parameters
    ----------
    cuts : in any order, one per ``cut_date``

    Raises
    ------
    TrainingRefused
        There is too little for three blocks.
    """
    over = sorted((cut for cut in cuts if cut.last_day < cut_off), key=lambda cut: cut.cut_date)
    test = _newest(over, min_positives)
    before = [cut for cut in over if test and cut.last_day < test[0].cut_date]
    running = [cut for cut in over if cut not in test and cut not in before]
    calibrate = _newest(before, min_positives)
    train = [cut for cut in before if cut not in calibrate]
    if not (test and calibrate and any(cut.n_positive for cut in train)):
        n_positive = sum(cut.n_positive for cut in over)
        raise TrainingRefused(
            f"Got {len(over)} starts of campaigns that were over before {cut_off}, with {n_positive} responses, but "
            f"expected enough for three blocks: {min_positives} responses to test with, {min_positives} to calibrate "
            "with from campaigns that had ended before, and some to learn from. Choose a later night."
        )
    blocks = tuple(tuple(cut.cut_date for cut in block) for block in (train, calibrate, test, running) if block)
    learned = [calibrate, train, *([running] if running else [])]
    return TrainingWindows(
        cut_off=cut_off,
        train=(train[0].cut_date,),
        calibrate=calibrate[0].cut_date,
        test=test[0].cut_date,
        refit_train=tuple(sorted((block[0].cut_date for block in learned), reverse=True)),
        refit_calibrate=test[0].cut_date,
        blocks=blocks,
    )


def _newest(cuts: Sequence[Cut], min_positives: int) -> list[Cut]:
    """Return the fewest newest of ``cuts`` (oldest first) with that many positive rows; none where all have fewer."""
    n_positive = 0
    for i in range(len(cuts) - 1, -1, -1):
        n_positive += cuts[i].n_positive
        if n_positive >= min_positives:
            return list(cuts[i:])
    return []
