"""What families make of the tables: their frames, text profiles, learned spaces and scores."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from numpy.typing import NDArray

from nightmarket.clock import STEP_DAYS
from nightmarket.families import FAMILIES
from nightmarket.families.base import Family
from nightmarket.io.model_files import StoredModel, load_model
from nightmarket.io.night import Night
from nightmarket.io.registry import find_version, model_folder
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.scoring import score_frame
from nightmarket.modeling.tournament import Scorer
from nightmarket.quality.court.arrays import compare_frames, compare_spaces, compare_tables
from nightmarket.quality.court.comparison import Difference
from nightmarket.settings import Settings
from nightmarket.steps.judging.session import Court


@dataclass(frozen=True)
class Witness:
    """A family with what it scores with.

    Attributes
    ----------
    scorers, space : of the version that may score the night; empty and None where there is none, and then the space
        is fitted on the origin itself.
    fitted_on : the origin that the version's space was fitted on, where the training was this night's; without a
        version, the one that a training would take.
    """

    family: Family
    scorers: Mapping[str, Scorer]
    space: Mapping[str, NDArray[Any]] | None
    fitted_on: date | None = None
    version: str | None = None

    def speaks_of(self, day: date, night: date) -> bool:
        """Whether the family is heard at ``day``: it may take a minute, so not at every origin."""
        return day in (night, self.fitted_on)


def call_witnesses(court: Court) -> tuple[list[Witness], TextSpace | None]:
    """Return every family with the version that may score the night, and the space of its text vectors.

    No family is heard where the night has no embeddings yet: there is nothing to derive features from.
    """
    night = Night(court.landed, court.night, court.snapshot_id)
    if not night.has("embed"):
        return [], None
    embedded = night.read("embed")
    witnesses = []
    for family in FAMILIES.values():
        key = family.inputs_key(embedded["encoder_key"])
        version = find_version(court.landed, family.name, court.night, inputs_key=key)
        if version is None:
            fitted_on = None if family.cut_column else court.night - timedelta(days=3 * STEP_DAYS)
            witnesses.append(Witness(family, {}, None, fitted_on))
            continue
        folder = model_folder(court.landed, version)
        model = load_model(folder, manifest_sha256=version.manifest_sha256, threads=court.landed.threads)
        witnesses.append(Witness(family, model.scorers, model.space, _fitted_on(model, court), version.name))
    return witnesses, TextSpace(embedded["encoder_key"], embedded["dim"])


def _fitted_on(model: StoredModel, court: Court) -> date | None:
    """Return the newest training origin, of the head whose is oldest, as ``read_training_frames`` takes it."""
    if "blocks" in model.manifest:  # a block of cuts, at none of which the family is heard alone
        return None
    if model.manifest["label_cutoff"] != court.night.isoformat() or model.manifest["snapshot_id"] != court.snapshot_id:
        return None
    windows = model.manifest["windows_of_heads"].values()
    return min(date.fromisoformat(one["train_origins"][0]) for one in windows)


def hear(
    court: Court, witness: Witness, text: TextSpace, day: date, *, night: date | None = None
) -> tuple[int, list[Difference]]:
    """Compare what ``witness`` makes of the judged and of the scratch warehouse at ``day``.

    The scratch warehouse holds the world that is cut at ``day``, with the vectors of its texts.

    Parameters
    ----------
    night : the night whose rows hold those of ``day``, where they have cuts of their own; default: ``day``

    Returns
    -------
    The number of rows, and the differences.
    """
    family = witness.family
    with ExitStack() as stack:
        stored = _reader(stack, court.judged, court, family, text, night=court.night)
        rebuilt = _reader(stack, court.scratch, court, family, text, night=night or day)
        frames = [reader.read(day, with_label=False) for reader in (stored, rebuilt)]
        differences = compare_frames(family.name, *frames)
        if differences:
            return len(frames[0]), differences
        space = witness.space
        if space is None or day == witness.fitted_on:
            spaces = [reader.fit_space(frame) for reader, frame in zip((stored, rebuilt), frames, strict=True)]
            differences = compare_spaces(f"learned space of {family.name}", day, *spaces)
            if space is not None:
                differences += compare_spaces(f"stored space of {family.name}", day, space, spaces[1])
            space = spaces[0] if space is None else space
        frames = [reader.derive(frame, space) for reader, frame in zip((stored, rebuilt), frames, strict=True)]
    differences += compare_frames(family.name, *frames)
    if witness.scorers:
        tables = [
            score_frame(frame, witness.scorers, family, top_k=None, model_version="", run_id="") for frame in frames
        ]
        differences += compare_tables(family.score_table, day, *tables)
    return len(frames[0]), differences


def _reader(
    stack: ExitStack, settings: Settings, court: Court, family: Family, text: TextSpace, *, night: date
) -> FrameReader:
    connection = stack.enter_context(open_warehouse(settings))
    return FrameReader(connection, family, court.snapshot_id, text, night=night)
