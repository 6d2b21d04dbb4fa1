"""Which origins a training at a cut-off reads: splits follow time, and each label window is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from nightmarket.clock import STEP_DAYS, origins_before
from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family

MIN_HISTORY_DAYS = 56
"""History before a training origin: its customers are those who bought in the 56 days before it."""

MAX_TRAIN_ORIGINS = 4
"""More origins cost the first night seconds and gain nothing measurable on The Complete Journey."""


@dataclass(frozen=True)
class TrainingWindows:
    """The origins of one training at a cut-off C, newest first, for label windows of H days.

    ``test`` lies at C − H, ``calibrate`` at C − 2H and ``train`` at C − 3H and earlier, 28 days apart: each
    label is closed when the next one's features are cut. The recipe that passes is fitted again one
    window later: on ``refit_train`` (C − 2H and earlier, as many origins as ``train``), calibrated at
    ``refit_calibrate`` (C − H). No label of either reaches past C, which therefore is the
    ``label_cutoff`` of the version. ``dropped`` are training origins on which nothing can be learned
    (see :func:`nightmarket.modeling.tournament.keep_usable`).

    Of a family whose rows have cuts of their own, an origin may stand for several cuts: ``blocks`` lists the cuts
    of each, oldest first, under the first of them (see :mod:`nightmarket.modeling.cuts`).
    """

    cut_off: date
    train: tuple[date, ...]
    calibrate: date
    test: date
    refit_train: tuple[date, ...]
    refit_calibrate: date
    dropped: tuple[date, ...] = ()
    blocks: tuple[tuple[date, ...], ...] = ()

    def cuts_of(self, origin: date) -> tuple[date, ...]:
        """Return the cuts that ``origin`` stands for: itself, but where it is a block."""
        return next((block for block in self.blocks if block[0] == origin), (origin,))

    @property
    def origins(self) -> tuple[date, ...]:
        """Every date whose features and labels the training reads, oldest first, each once."""
        return tuple(sorted({*self.train, self.calibrate, self.test, *self.refit_train, self.refit_calibrate}))


def training_windows(
    cut_off: date,
    first_order_date: date,
    *,
    horizon_days: int = STEP_DAYS,
    max_train_origins: int = MAX_TRAIN_ORIGINS,
) -> TrainingWindows:
    """Return the windows of a training at ``cut_off`` on a shop whose first order is ``first_order_date``.

    Training origins lie every 28 days, at most ``max_train_origins`` of them, each with at least
    56 days of history before it.

    Raises
    ------
    TrainingRefused
        There are fewer than 56 + 3 × ``horizon_days`` days of history (140 for 28): 56 before the one
        training origin, and three windows whose labels are closed at ``cut_off``.
    """
    steps = -(-horizon_days // STEP_DAYS)
    earliest = first_order_date + timedelta(days=MIN_HISTORY_DAYS)
    train = tuple(
        origin
        for origin in origins_before(cut_off, first_steps_back=3 * steps, n_origins=max_train_origins)
        if origin >= earliest
    )
    if not train:
        needed = MIN_HISTORY_DAYS + 3 * steps * STEP_DAYS
        raise TrainingRefused(
            f"Got {(cut_off - first_order_date).days} days of history at {cut_off} (the first order is of "
            f"{first_order_date}) but expected at least {needed}: {MIN_HISTORY_DAYS} to learn from and three closed "
            f"windows of {steps * STEP_DAYS} days to train, calibrate and test. "
            f"Choose a night from {first_order_date + timedelta(days=needed)} on."
        )
    window = timedelta(days=steps * STEP_DAYS)
    return TrainingWindows(
        cut_off=cut_off,
        train=train,
        calibrate=cut_off - 2 * window,
        test=cut_off - window,
        refit_train=tuple(origin + window for origin in train),
        refit_calibrate=cut_off - window,
    )


def windows_of_family(
    family: Family, cut_off: date, first_order_date: date, *, max_train_origins: int | None = None
) -> dict[str, TrainingWindows]:
    """Return the windows of each head that there is history for, the primary head's first.

    Raises
    ------
    TrainingRefused
        There is too little history for the primary head. A further head that is too long for the
        history is left out: its columns stay empty until there is enough.
    """
    found: dict[str, TrainingWindows] = {}
    for head in family.heads:
        try:
            found[head.name] = training_windows(
                cut_off,
                first_order_date,
                horizon_days=head.horizon_days,
                max_train_origins=max_train_origins or family.max_train_origins,
            )
        except TrainingRefused:
            if head is family.primary:
                raise
    return found


def origins_of(windows: Mapping[str, TrainingWindows]) -> tuple[date, ...]:
    """Return every date that any of ``windows`` reads, oldest first, each once."""
    return tuple(sorted({origin for one in windows.values() for origin in one.origins}))
