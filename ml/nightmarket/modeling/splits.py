"""Which origins a training at a cut-off reads: splits follow time, and each label window is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from nightmarket.clock import STEP_DAYS, origins_before
from nightmarket.errors import TrainingRefused

MIN_HISTORY_DAYS = 56
"""History before a training origin: its customers are those who bought in the 56 days before it."""

MAX_TRAIN_ORIGINS = 4
"""More origins cost the first night seconds and gain nothing measurable on The Complete Journey."""


@dataclass(frozen=True)
class TrainingWindows:
    """The origins of one training at a cut-off C, newest first.

    ``train`` lies at C − 84 days and earlier, ``calibrate`` at C − 56, ``test`` at C − 28. The
    recipe that passes is fitted again one window later: on ``refit_train`` (C − 56 and earlier,
    as many origins as ``train``), calibrated at ``refit_calibrate`` (C − 28). No label of either
    reaches past C, which therefore is the ``label_cutoff`` of the version. ``dropped`` are training
    origins on which nothing can be learned (see :func:`nightmarket.modeling.tournament.keep_usable`).
    """

    cut_off: date
    train: tuple[date, ...]
    calibrate: date
    test: date
    refit_train: tuple[date, ...]
    refit_calibrate: date
    dropped: tuple[date, ...] = ()

    @property
    def origins(self) -> tuple[date, ...]:
        """Every date whose features and labels the training reads, oldest first, each once."""
        return tuple(sorted({*self.train, self.calibrate, self.test, *self.refit_train, self.refit_calibrate}))


def training_windows(
    cut_off: date, first_order_date: date, *, max_train_origins: int = MAX_TRAIN_ORIGINS
) -> TrainingWindows:
    """Return the windows of a training at ``cut_off`` on a shop whose first order is ``first_order_date``.

    Training origins lie every 28 days, at most ``max_train_origins`` of them, each with at least
    56 days of history before it.

    Raises
    ------
    TrainingRefused
        There are fewer than 140 days of history: 56 before the one training origin, and three
        windows of 28 days whose labels are closed at ``cut_off``.
    """
    earliest = first_order_date + timedelta(days=MIN_HISTORY_DAYS)
    train = tuple(
        origin
        for origin in origins_before(cut_off, first_steps_back=3, n_origins=max_train_origins)
        if origin >= earliest
    )
    if not train:
        needed = MIN_HISTORY_DAYS + 3 * STEP_DAYS
        raise TrainingRefused(
            f"Got {(cut_off - first_order_date).days} days of history at {cut_off} (the first order is of "
            f"{first_order_date}) but expected at least {needed}: {MIN_HISTORY_DAYS} to learn from and three closed "
            f"windows of {STEP_DAYS} days to train, calibrate and test. "
            f"Choose a night from {first_order_date + timedelta(days=needed)} on."
        )
    return TrainingWindows(
        cut_off=cut_off,
        train=train,
        calibrate=cut_off - timedelta(days=2 * STEP_DAYS),
        test=cut_off - timedelta(days=STEP_DAYS),
        refit_train=tuple(origin + timedelta(days=STEP_DAYS) for origin in train),
        refit_calibrate=cut_off - timedelta(days=STEP_DAYS),
    )
