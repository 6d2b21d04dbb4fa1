"""A training of a family: every head's tournament, and the refit of every winner. Pure: frames in, scorers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from threadpoolctl import threadpool_limits

from nightmarket.errors import TrainingRefused
from nightmarket.families.base import Family
from nightmarket.modeling.evaluating.canaries import hear_canaries
from nightmarket.modeling.evaluating.results import describe_canaries, plain
from nightmarket.modeling.evaluation import describe_tournament
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import GateDecision
from nightmarket.modeling.refit import open_refitter
from nightmarket.modeling.splits import TrainingWindows, origins_of
from nightmarket.modeling.tournament import (
    Scorer,
    Tournament,
    hold_tournament,
    keep_usable,
    look_at,
)

if TYPE_CHECKING:
    from nightmarket.families.base import Space


class Reader(Protocol):
    """Where frames come from; ``io.training_data.FrameReader`` is the one."""

    def read(self, as_of: date, *, with_label: bool, cuts: Sequence[date] = ()) -> Frame: ...

    def fit_space(self, frame: Frame) -> Space: ...

    def derive(self, frame: Frame, fitted: Space) -> Frame: ...

    def fork(self) -> Reader:
        """Return a reader of the same rows that another thread may use."""
        ...


@dataclass(frozen=True)
class TrainingFrames:
    """The labelled, derived frames of every origin that is used, and the windows of every head."""

    windows: Mapping[str, TrainingWindows]
    by_origin: Mapping[date, Frame]
    space: Space


@dataclass(frozen=True)
class Trained:
    """What a training made: by head, its tournament and the winner fitted one window later."""

    tournaments: Mapping[str, Tournament]
    scorers: Mapping[str, Scorer]
    decision: GateDecision
    """The primary head's, refused where any head's refit is."""
    description: Mapping[str, Any]


def read_training_frames(
    reader: Reader, family: Family, windows: Mapping[str, TrainingWindows], *, threads: int = 1
) -> TrainingFrames:
    """Read every origin of ``windows``, ``threads`` at a time, and keep the usable ones.

    What features are derived with is fitted on the newest training origin, before any test label.

    Raises
    ------
    TrainingRefused
        On no training origin can anything be learned, or the calibrate or test origin is such a one. A
        further head for which that holds is left out, like one whose window is too long for the history.
    """

    def readers(n: int) -> list[Reader]:
        return [reader.fork() if threads > 1 else reader for _ in range(n)]

    origins = origins_of(windows)
    # BLAS is held to one thread around the pool: what sets and restores it inside would disturb the neighbour.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        labelled = pool.map(lambda own, one: _read_labelled(own, one, windows), readers(len(origins)), origins)
        read = dict(zip(origins, labelled, strict=True))
        usable = dict(_usable_heads(family, windows, read))
        newest = min(one.train[0] for one in usable.values())
        space = reader.fit_space(read[newest])
        used = origins_of(usable)
        derived = pool.map(lambda own, one: own.derive(read.pop(one), space), readers(len(used)), used)
        frames = dict(zip(used, derived, strict=True))
    return TrainingFrames(usable, frames, space)


def _read_labelled(reader: Reader, origin: date, windows: Mapping[str, TrainingWindows]) -> Frame:
    cuts = next(iter(windows.values())).cuts_of(origin)
    if cuts == (origin,):
        return reader.read(origin, with_label=True)
    return reader.read(origin, with_label=True, cuts=cuts)


def _usable_heads(
    family: Family, windows: Mapping[str, TrainingWindows], frames: Mapping[date, Frame]
) -> Iterable[tuple[str, TrainingWindows]]:
    for head in family.heads:
        if head.name not in windows:
            continue
        try:
            yield head.name, keep_usable(head, windows[head.name], frames)
        except TrainingRefused:
            if head is family.primary:
                raise


def train_family(
    family: Family, frames: TrainingFrames, champion: str | None, *, threshold: float, seed: int, threads: int
) -> Trained:
    """Hold every head's tournament and refit the winners.

    Parameters
    ----------
    champion : recipe of the primary head of the version that may score up to now, or None
    """
    tournaments, scorers, faults = {}, {}, []
    with open_refitter(family, frames.by_origin, seed=seed, threads=threads) as refitter:
        for head in family.heads:
            if head.name not in frames.windows:
                continue
            windows, reigning = frames.windows[head.name], champion if head is family.primary else None
            favourite = reigning if reigning in head.recipes else head.recipes[0]
            begun = refitter.begin(head, windows, favourite)
            tournament = hold_tournament(
                family,
                head,
                frames.by_origin,
                windows,
                reigning,
                threshold=threshold,
                seed=seed,
                threads=refitter.threads,
            )
            refitted, decision = refitter.end(tournament, favourite, begun)
            tournaments[head.name] = replace(tournament, decision=decision)
            scorers[head.name] = refitted
            if not decision.passed:
                faults.append(f"{head.name}: {decision.reason}")
    primary = tournaments[family.primary.name].decision
    decision = replace(primary, passed=False, reason=" ".join(faults)) if faults else primary
    description = {
        "family": family.name,
        "heads": {
            name: describe_tournament(one, look_at(one.head, frames.by_origin[one.windows.test]).y, threshold=threshold)
            for name, one in tournaments.items()
        },
        "canaries": {name: _hear(family, one, frames.by_origin, seed=seed) for name, one in tournaments.items()},
    }
    return Trained(tournaments, scorers, decision, description)


def _hear(family: Family, tournament: Tournament, frames: Mapping[date, Frame], *, seed: int) -> dict[str, Any]:
    head = tournament.head
    baseline = tournament.tested[head.baseline].forecast.value
    test = look_at(head, frames[tournament.windows.test])
    heard: dict[str, Any] = plain(
        describe_canaries(hear_canaries(head, test, family.features_of(head), baseline, seed=seed))
    )
    return heard
