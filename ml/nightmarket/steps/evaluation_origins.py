"""The origins of an evaluation: which they are, and dbt's rows of them in a warehouse of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from nightmarket.clock import STEP_DAYS
from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family
from nightmarket.io.evaluations import Landed, finish_building, read_built, start_building, text_space, wanted
from nightmarket.io.landing import Snapshot
from nightmarket.io.revision import models_revision
from nightmarket.io.training_data import first_order_date
from nightmarket.modeling.cuts import Cut, block_windows
from nightmarket.modeling.splits import TrainingWindows, windows_of_family
from nightmarket.settings import Settings
from nightmarket.steps.transform import dbt_variables, run_dbt

CutOffs = dict[date, dict[str, TrainingWindows]]
"""By cut-off, newest first, the windows of each head."""


def plan_cut_offs(
    settings: Settings,
    family: Family,
    landed: Landed,
    snapshot: Snapshot,
    *,
    n_cut_offs: int,
    max_train_origins: int | None = None,
) -> tuple[CutOffs, dict[str, str]]:
    """Return the windows of every cut-off, newest first, and why others are left out.

    Raises
    ------
    TrainingRefused
        The newest cut-off's test window is not closed, or there is too little history for it.
    """
    newest = landed.cut_off
    if newest > snapshot.complete_through + timedelta(days=1):
        raise TrainingRefused(
            f"Got the cut-off {newest} while the source is complete through {snapshot.complete_through} but expected "
            f"closed label windows: those of the final test end on {newest - timedelta(days=1)}. "
            f"Choose --as-of {snapshot.complete_through + timedelta(days=1)} or earlier, or land newer data."
        )
    first = first_order_date(settings, snapshot, landed.night.as_of_date)
    found: CutOffs = {}
    left_out = {}
    for i in range(n_cut_offs):
        cut_off = newest - timedelta(days=STEP_DAYS * i)
        try:
            found[cut_off] = windows_of_family(family, cut_off, first, max_train_origins=max_train_origins)
        except TrainingRefused as error:
            if i == 0:
                raise
            left_out[cut_off.isoformat()] = str(error)
    return found, left_out


def plan_blocks(
    family: Family, landed: Landed, cuts: Sequence[Cut], *, n_cut_offs: int
) -> tuple[CutOffs, dict[str, str]]:
    """Return the windows of every cut-off of a family whose rows have cuts of their own, as :func:`plan_cut_offs`.

    Raises
    ------
    TrainingRefused
        Too little was over before the newest cut-off.
    """
    found: CutOffs = {}
    left_out = {}
    for i in range(n_cut_offs):
        cut_off = landed.cut_off - timedelta(days=STEP_DAYS * i)
        try:
            found[cut_off] = {head.name: block_windows(cut_off, cuts) for head in family.heads}
        except TrainingRefused as error:
            if i == 0:
                raise
            left_out[cut_off.isoformat()] = str(error)
    return found, left_out


def build_origins(
    settings: Settings, origins: Settings, landed: Landed, snapshot: Snapshot, *, needed: Iterable[date], lock: int
) -> None:
    """Build features and labels of every needed origin in the warehouse of evaluations, unless they are there.

    The caller holds that warehouse's lock.

    Raises
    ------
    TransformFailed
        dbt ended with an error.
    """
    space = text_space(landed.night)
    night = landed.night.as_of_date
    # The night is among the dates: what labels may know hangs on the newest of them.
    dates = [night, *sorted(set(needed) - {night}, reverse=True)]
    want = wanted(settings, landed, encoder_key=space.encoder_key, models_revision=models_revision(), dates=dates)
    have = read_built(origins)
    if have is None or not have.is_like(want):
        have = replace(want, dates=())
        start_building(settings, origins, snapshot, space.encoder_key)
    missing = [day for day in dates if day.isoformat() not in have.dates]
    if not missing:
        return
    say(f"building features and labels of {len(missing)} dates")
    run_dbt(
        origins,
        dbt_variables(
            snapshot_id=landed.snapshot_id,
            as_of_dates=list(dict.fromkeys((night, *missing))),
            complete_through=snapshot.complete_through,
            late_lookback_days=settings.late_lookback_days,
        ),
        lock,
    )
    finish_building(origins, replace(want, dates=tuple(sorted({*have.dates, *want.dates}))))


def say(what: str) -> None:
    """Tell who waits what begins."""
    print(f"evaluate, {time.process_time():.0f} CPU seconds: {what}", file=sys.stderr, flush=True)
