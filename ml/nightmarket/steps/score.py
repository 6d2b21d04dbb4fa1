"""``nightmarket score``: the night's version scores every eligible row into a staged partition."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightmarket.errors import NoChampion
from nightmarket.families import FORECASTERS, get_family
from nightmarket.families.base import Family, Forecaster
from nightmarket.io.atomic import sha256_of_file, sha256_of_json
from nightmarket.io.model_files import load_model
from nightmarket.io.night import Night
from nightmarket.io.registry import ModelVersion, find_version, get_version, model_folder
from nightmarket.io.revision import code_revision
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving import recorded_model_version
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import count_rows
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.scoring import no_rows, score_frame
from nightmarket.settings import Settings
from nightmarket.steps import StepResult


def run(settings: Settings, *, family: str, as_of: date, snapshot_id: str) -> StepResult:
    """Score ``family`` at ``as_of`` and stage the rows; none, where an optional family has no version or nothing open.

    Raises
    ------
    NoChampion
        No registered version may score this night.
    ModelCorrupted
        The version's files are not the ones that were registered.
    """
    if family in FORECASTERS:
        return importlib.import_module("nightmarket.steps.forecasting.score").run(  # type: ignore[no-any-return]
            settings, FORECASTERS[family], as_of=as_of, snapshot_id=snapshot_id
        )
    chosen = get_family(family)
    night = Night(settings, as_of, snapshot_id)
    embedded = night.read("embed")
    try:
        choice = choose_version(settings, chosen, as_of, snapshot_id, encoder_key=embedded["encoder_key"])
    except NoChampion as error:
        if not chosen.is_optional:
            raise
        return _score_nothing(settings, chosen, night, str(error))
    version = choice.version
    folder = model_folder(settings, version)
    stored = load_model(folder, manifest_sha256=version.manifest_sha256, threads=settings.threads)
    space = TextSpace(embedded["encoder_key"], embedded["dim"])
    with open_warehouse(settings) as connection:
        reader = FrameReader(connection, chosen, snapshot_id, space, night=as_of)
        frame = reader.derive(reader.read(as_of, with_label=False), stored.space)
    run_id = _run_id(night, chosen, stored.manifest_sha256)
    table = (
        score_frame(
            frame,
            stored.scorers,
            chosen,
            top_k=_top_k(settings, chosen),
            model_version=version.name,
            run_id=run_id,
        )
        if len(frame)
        else no_rows(chosen)
    )
    path = night.staged_path(chosen.score_table)
    write_scored_rows(path, table)
    return StepResult(
        rows=table.num_rows,
        detail={
            "table": chosen.score_table,
            "sha256": sha256_of_file(path),
            **version_facts(choice, folder, as_of=as_of, run_id=run_id),
            "heads": {name: scorer.model.recipe for name, scorer in stored.scorers.items()},
            "heads_without_model": [head.name for head in chosen.heads if head.name not in stored.scorers],
            "n_customers": len(frame.customer_ids),
            "n_items": len(frame.item_ids),
            "mean_forecast": _mean(table, chosen.primary.name),
        },
    )


def _score_nothing(settings: Settings, family: Family, night: Night, why: str) -> StepResult:
    """Stage a table without rows, and say why and how many there would have been."""
    with open_warehouse(settings) as connection:
        n_rows = count_rows(connection, family, snapshot_id=night.snapshot_id, as_of=night.as_of_date)
    path = night.staged_path(family.score_table)
    write_scored_rows(path, no_rows(family))
    return StepResult(
        rows=0,
        detail={
            "table": family.score_table,
            "sha256": sha256_of_file(path),
            "model_version": "none",
            "recipe": "none",
            "run_id": _run_id(night, family, "none"),
            "label_cutoff": None,
            "model_age_days": None,
            "code_revision": code_revision(),
            "heads": {},
            "heads_without_model": [head.name for head in family.heads],
            "not_scored": why,
            "n_rows_left_out": n_rows,
        },
    )


def _run_id(night: Night, family: Family, manifest_sha256: str) -> str:
    return name_run(night, manifest_sha256=manifest_sha256, top_k=_top_k(night.settings, family))


def _top_k(settings: Settings, family: Family) -> int | None:
    """Return how many rows of each customer are kept: the family's say, or the shop's where items are categories."""
    is_of_categories = "category_id" in family.key_names
    return settings.top_k_categories if family.top_k is None and is_of_categories else family.top_k


def _mean(table: pa.Table, column: str) -> float | None:
    mean = pc.mean(table[column]).as_py()
    return None if mean is None else round(float(mean), 6)


@dataclass(frozen=True)
class Choice:
    """The version that scores a night, and why it is not the one that the night was published with, if so."""

    version: ModelVersion
    not_used: str | None = None


def choose_version(
    settings: Settings, family: Family | Forecaster, as_of: date, snapshot_id: str, *, encoder_key: str
) -> Choice:
    """Return the version that this night was published with, on whatever snapshot, else the newest that may score it.

    Raises
    ------
    NoChampion
        There is none.
    """
    inputs_key = family.inputs_key(encoder_key)
    recorded = recorded_model_version(settings, family.score_table, as_of)
    version = get_version(settings, recorded) if recorded else None
    if recorded is None:
        not_used = None
    elif version is None:
        not_used = f"{recorded}, which this night was published with, is not in the registry"
    elif version.source != settings.source:
        not_used = f"{recorded}, which this night was published with, was trained on the source {version.source!r}"
    elif version.inputs_key != inputs_key:
        not_used = f"{recorded}, which this night was published with, reads other features or another encoder"
    else:
        return Choice(version)
    version = find_version(settings, family.name, as_of, inputs_key=inputs_key)
    if version is None:
        raise NoChampion(
            f"Got no passed version of {family.name} with label_cutoff up to {as_of}, trained on the source "
            f"{settings.source!r}, on today's features and with the encoder {encoder_key}, but expected one: no model "
            "may know the future of the night it scores, or read other inputs than it was trained on. "
            f"Run `nightmarket train {family.name} --as-of {as_of} --snapshot {snapshot_id}`, or `make nightly`."
        )
    return Choice(version, not_used)


def version_facts(choice: Choice, folder: Path, *, as_of: date, run_id: str) -> dict[str, Any]:
    """Return what the record of a night says of the version that scored it, whose files are in ``folder``."""
    version = choice.version
    return {
        "model_version": version.name,
        "recipe": version.recipe,
        "gate_reason": version.reason,
        "run_id": run_id,
        "label_cutoff": version.label_cutoff.isoformat(),
        "model_age_days": (as_of - version.label_cutoff).days,
        "recorded_version_not_used": choice.not_used,
        "manifest_sha256": version.manifest_sha256,
        "model_folder": str(folder),
        "code_revision": code_revision(),
    }


def name_run(night: Night, *, manifest_sha256: str, **further: Any) -> str:
    """Name the run by everything that decides its rows, so that the same run has the same name.

    The snapshot stands for the source, its time zone and currency; the manifest for features and encoder;
    ``further`` is what else the rows are made with.
    """
    return sha256_of_json(
        {
            "as_of_date": night.as_of_date.isoformat(),
            "snapshot_id": night.snapshot_id,
            "manifest_sha256": manifest_sha256,
            "code_revision": code_revision(),
            "late_lookback_days": night.settings.late_lookback_days,
            **further,
        }
    )[:16]
