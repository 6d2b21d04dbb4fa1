"""The whole evaluation of a family: a time-shifted final test in full, and the same test at earlier cut-offs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family
from nightmarket.modeling.evaluating.arms import (
    TEXT,
    Arm,
    compare_arm,
    deal_among_customers,
    shuffled_groups,
    take_columns,
)
from nightmarket.modeling.evaluating.canaries import hear_canaries
from nightmarket.modeling.evaluating.results import (
    describe_arms,
    describe_canaries,
    describe_head,
    describe_seeds,
    describe_test,
    describe_windows,
)
from nightmarket.modeling.evaluating.rounds import (
    Conditions,
    hold_round,
    measure_shuffled,
    measure_with_seeds,
    shuffle_labels,
    tree_recipe,
)
from nightmarket.modeling.evaluating.slices import measure_slices
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import Measured
from nightmarket.modeling.splits import TrainingWindows
from nightmarket.modeling.tournament import Tournament, look_at
from nightmarket.modeling.training import Reader, TrainingFrames, read_training_frames

Say = Callable[[str], None]


@dataclass(frozen=True)
class Readers:
    """Where frames come from, and the same with the text vectors dealt out to other texts."""

    own: Reader
    shuffled_text: Reader


@dataclass
class Findings:
    """What was found, by head; and what was read and left out on the way."""

    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    split_dates: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    data: dict[str, list[str]] = field(default_factory=dict)
    """By cut-off, the hash of every frame, oldest first."""


def evaluate_family(
    family: Family,
    readers: Readers,
    cut_offs: Mapping[date, Mapping[str, TrainingWindows]],
    conditions: Conditions,
    say: Say,
) -> Findings:
    """Evaluate ``family`` at every cut-off; the first is the final test.

    Parameters
    ----------
    cut_offs : newest first; the windows of each head at each
    say : told what begins

    Raises
    ------
    TrainingRefused
        Nothing can be learned or tested at the newest cut-off. An earlier one like that is left out, and named.
    """
    found = Findings()
    for cut_off, windows in cut_offs.items():
        is_final = not found.heads
        say(f"cut-off {cut_off}: reading {len({o for one in windows.values() for o in one.origins})} origins")
        try:
            frames = read_training_frames(readers.own, family, windows)
        except TrainingRefused as error:
            if is_final:
                raise
            found.left_out[cut_off.isoformat()] = str(error)
            continue
        found.data[cut_off.isoformat()] = [frame.sha256() for _, frame in sorted(frames.by_origin.items())]
        say(f"cut-off {cut_off}: training, calibrating and testing every recipe")
        tournaments = hold_round(family, frames, conditions)
        for name, tournament in tournaments.items():
            test = look_at(tournament.head, frames.by_origin[tournament.windows.test])
            described = describe_test(tournament, test, seed=conditions.seed)
            found.split_dates.append(
                {
                    "head": name,
                    "role": "final" if is_final else "rolling",
                    **describe_windows(tournament.windows),
                }
            )
            if is_final:
                found.heads[name] = describe_head(tournament.head) | {
                    "rolling": [],
                    **look_closer(
                        family, readers, tournament, frames, conditions=conditions, described=described, say=say
                    ),
                }
            elif name in found.heads:
                found.heads[name]["rolling"].append(described)
    return found


def look_closer(
    family: Family,
    readers: Readers,
    tournament: Tournament,
    frames: TrainingFrames,
    *,
    conditions: Conditions,
    described: Mapping[str, Any],
    say: Say,
) -> dict[str, Any]:
    """Repeat the final test with other seeds and on parts of the shop, and doubt it: canaries and shuffled arms.

    Labels and learned groups are shuffled for the primary head alone: the others read the same features.
    """
    head = tournament.head
    test = look_at(head, frames.by_origin[tournament.windows.test])
    baseline = tournament.tested[head.baseline].forecast
    say(f"{head.name}: slices, canaries, {len(conditions.seeds) - 1} more seeds")
    slices = measure_slices(
        head, test, tournament.winner.forecast, baseline, threshold=conditions.threshold, seed=conditions.seed
    )
    canaries = hear_canaries(head, test, family.features_of(head), baseline.value, seed=conditions.seed)
    seeds = measure_with_seeds(family, tournament, frames.by_origin, conditions)
    arms: list[Arm] = []
    if head is family.primary:
        say(f"{head.name}: shuffled labels")
        shuffled = shuffle_labels(family, readers.own, tournament, frames, conditions)
        canaries += [shuffled] if shuffled else []
        arms = shuffle_groups(family, readers, tournament, frames, seeds=seeds, conditions=conditions, say=say)
    return {
        "final": {**described, "slices": slices, "seeds": describe_seeds(seeds)},
        "arms": describe_arms(arms),
        "canaries": describe_canaries(canaries),
    }


def shuffle_groups(
    family: Family,
    readers: Readers,
    tournament: Tournament,
    frames: TrainingFrames,
    *,
    seeds: Mapping[str, Sequence[Measured]],
    conditions: Conditions,
    say: Say,
) -> list[Arm]:
    """Train the best recipe of trees again with each learned group shuffled, once per seed.

    Parameters
    ----------
    seeds : by recipe, what it measured with each seed on its own values
    """
    recipe = tree_recipe(tournament)
    if recipe is None:
        return []
    arms = []
    for prefix, names in shuffled_groups(family, tournament.tested[recipe].scorer.model.features).items():
        say(f"{tournament.head.name}: {recipe} with {prefix.rstrip('_')} shuffled")
        if prefix == TEXT:
            other = shuffle_text(family, readers.shuffled_text, tournament.windows, frames.by_origin)
            dealt = take_columns(other, frames.by_origin, prefix)
        else:
            dealt = {
                origin: deal_among_customers(frames.by_origin[origin], names, conditions.seed)
                for origin in tournament.windows.origins
            }
        test = tournament.windows.test
        if not np.array_equal(dealt[test].customer_ids, frames.by_origin[test].customer_ids):
            say(f"{prefix.rstrip('_')}: left out, shuffling it changes whose rows there are")
            continue
        shuffled = measure_shuffled(family, tournament, recipe, dealt, conditions)
        arms.append(compare_arm(prefix, names, recipe, own=seeds[recipe], shuffled=shuffled))
    return arms


def shuffle_text(
    family: Family, reader: Reader, windows: TrainingWindows, frames: Mapping[date, Frame]
) -> dict[date, Frame]:
    """Return the frames of ``windows`` with features derived from shuffled text.

    A family that makes its rows itself may do so from text, and makes them again.
    """
    rows = {
        origin: frames[origin] if family.build is None else reader.read(origin, with_label=True)
        for origin in windows.origins
    }
    space = reader.fit_space(rows[windows.train[0]])
    return {origin: reader.derive(frame, space) for origin, frame in rows.items()}
