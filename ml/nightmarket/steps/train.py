"""``nightmarket train``: train, calibrate, test, gate and register the recipes of a family at a cut-off."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import NoChampion, StepMissing, TrainingRefused
from nightmarket.families import FORECASTERS, get_family
from nightmarket.families.base import Family
from nightmarket.io.atomic import sha256_of_json, write_text
from nightmarket.io.landing import read_snapshot
from nightmarket.io.model_files import save_model
from nightmarket.io.night import Night
from nightmarket.io.registry import ModelVersion, find_version, register
from nightmarket.io.revision import code_revision
from nightmarket.io.tracking import RunRecord, log_training, write_mlmodel
from nightmarket.io.training_data import FrameReader, TextSpace, first_order_date
from nightmarket.io.view_rows import read_cuts
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.cuts import block_windows
from nightmarket.modeling.evaluating.results import describe_head, describe_test, plain
from nightmarket.modeling.evaluation import metrics_of_recipe
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows, origins_of, windows_of_family
from nightmarket.modeling.tournament import look_at
from nightmarket.modeling.training import Trained, TrainingFrames, read_training_frames, train_family
from nightmarket.report.model_card import make_model_card
from nightmarket.settings import Settings
from nightmarket.steps import StepResult

SEED = 20_170_101


@dataclass(frozen=True)
class _Training:
    """What the run, the manifest and the version all say about this training."""

    family: Family
    snapshot_id: str
    encoder_key: str
    windows: Mapping[str, TrainingWindows]
    data_sha256: str
    threshold: float

    @property
    def cut_off(self) -> date:
        return self.windows[self.family.primary.name].cut_off

    def facts(self) -> dict[str, Any]:
        primary = self.windows[self.family.primary.name]
        return {
            "family": self.family.name,
            "label_cutoff": self.cut_off.isoformat(),
            "horizon_days": self.family.horizon_days,
            "threshold": self.threshold,
            "snapshot_id": self.snapshot_id,
            "data_sha256": self.data_sha256,
            "encoder_key": self.encoder_key,
            "inputs_key": self.family.inputs_key(self.encoder_key),
            "code_revision": code_revision(),
            "seed": SEED,
            "metrics_of": "tested fit",
            "heads_without_model": [head.name for head in self.family.heads if head.name not in self.windows],
            **_described(primary),
            "windows_of_heads": {name: _described(one) for name, one in self.windows.items()},
        }


def _described(windows: TrainingWindows) -> dict[str, Any]:
    return {
        "dropped_origins": _dates(windows.dropped),
        "train_origins": _dates(windows.train),
        "calibrate_origin": windows.calibrate.isoformat(),
        "test_origin": windows.test.isoformat(),
        "refit_train_origins": _dates(windows.refit_train),
        "refit_calibrate_origin": windows.refit_calibrate.isoformat(),
        **({"blocks": {block[0].isoformat(): _dates(block) for block in windows.blocks}} if windows.blocks else {}),
    }


def run(
    settings: Settings, *, family: str, as_of: date, snapshot_id: str, if_needed: bool = False
) -> StepResult | None:
    """Train ``family`` at the cut-off ``as_of``; None where ``if_needed`` and a version may already score it.

    None as well where a shop has nothing, or too little, of what an optional family predicts: the reason is said, and
    the night goes on without it.

    Raises
    ------
    TrainingRefused
        There is too little closed history, or no origin on which something can be learned.
    StepMissing
        ``transform`` of this night did not build an origin that the training needs.
    NoChampion
        The refitted model was refused, and no other version may score this night.
    """
    if family in FORECASTERS:
        return importlib.import_module("nightmarket.steps.forecasting.train").run(  # type: ignore[no-any-return]
            settings, FORECASTERS[family], as_of=as_of, snapshot_id=snapshot_id, if_needed=if_needed
        )
    chosen = get_family(family)
    night = Night(settings, as_of, snapshot_id)
    embedded = night.read("embed")
    champion = find_version(settings, family, as_of, inputs_key=chosen.inputs_key(embedded["encoder_key"]))
    if if_needed and champion is not None:
        return None
    space = TextSpace(embedded["encoder_key"], embedded["dim"])
    try:
        frames = _read(settings, chosen, night, space)
    except TrainingRefused as error:
        if not chosen.is_optional:
            raise
        print(f"train {family}: nothing to do. {error}", file=sys.stderr)
        return None
    training = _Training(
        family=chosen,
        snapshot_id=snapshot_id,
        encoder_key=space.encoder_key,
        windows=frames.windows,
        data_sha256=sha256_of_json([frame.sha256() for _, frame in sorted(frames.by_origin.items())]),
        threshold=settings.decision_threshold,
    )
    trained = train_family(
        chosen,
        frames,
        champion.recipe if champion else None,
        threshold=settings.decision_threshold,
        seed=SEED,
        threads=settings.threads,
    )
    version = _register(settings, training, trained, frames)
    usable = find_version(settings, family, as_of, inputs_key=training.facts()["inputs_key"])
    if usable is None and chosen.is_optional:
        print(f"train {family}: nothing may score {as_of}. {version.reason}", file=sys.stderr)
        return None
    if usable is None:
        raise NoChampion(
            f"Got {version.name}, registered with gate_passed=false, and no other version of {family} that may score "
            f"{as_of}, but expected one. {version.reason} Look at the features of the night and of its training "
            "origins, then train again."
        )
    return StepResult(
        rows=sum(len(frames.by_origin[origin]) for origin in frames.windows[chosen.primary.name].train),
        detail={
            **training.facts(),
            "model_version": version.name,
            "recipe": trained.decision.recipe,
            "gate_passed": version.gate_passed,
            "gate_reason": version.reason,
            "mlflow_run_id": version.run_id,
            "heads": {
                name: {"recipe": one.decision.recipe, "gate_reason": one.decision.reason}
                for name, one in trained.tournaments.items()
            },
            "metrics": {name: head["metrics"] for name, head in trained.description["heads"].items()},
            "reviews": [review for one in trained.description["canaries"].values() for review in one["reviews"]],
        },
    )


def _read(settings: Settings, family: Family, night: Night, space: TextSpace) -> TrainingFrames:
    as_of, snapshot_id = night.as_of_date, night.snapshot_id
    if family.cut_column is None:
        first = first_order_date(settings, read_snapshot(settings, snapshot_id), as_of)
        windows = windows_of_family(family, as_of, first)
        _need_built(night, family, origins_of(windows))
    with open_warehouse(settings) as connection:
        if family.cut_column is not None:
            cuts = read_cuts(connection, family, snapshot_id=snapshot_id, night=as_of)
            windows = {head.name: block_windows(as_of, cuts) for head in family.heads}
        reader = FrameReader(connection, family, snapshot_id, space, night=as_of)
        return read_training_frames(reader, family, windows, threads=settings.threads)


def _need_built(night: Night, family: Family, origins: tuple[date, ...]) -> None:
    """Refuse origins that only an earlier night built: the data, or the settings, may have changed since."""
    built = set(family.built_dates(night.read("transform")))
    missing = [day for day in _dates(origins) if day not in built]
    if missing:
        raise StepMissing(
            f"Got no {', '.join(missing)} among the dates that `transform` built for {night.as_of_date} on snapshot "
            f"{night.snapshot_id}, expected every origin of the training. "
            "Run `nightmarket transform --for-training` for this night first."
        )


def _register(settings: Settings, training: _Training, trained: Trained, frames: TrainingFrames) -> ModelVersion:
    facts, decision, family = training.facts(), trained.decision, training.family
    tags = {name: str(value) for name, value in facts.items()} | {
        "recipe": decision.recipe,
        "gate_passed": str(decision.passed).lower(),
        "gate_reason": decision.reason,
    }
    records = _records(training, trained, tags)
    primary = family.primary.name
    parameters = RECIPES[decision.recipe].parameters
    with tempfile.TemporaryDirectory(dir=_scratch(settings)) as scratch:
        folder = Path(scratch) / "model"
        manifest = save_model(
            folder,
            trained.scorers,
            frames.space,
            manifest={**facts, "recipe": decision.recipe, "parameters": parameters},
            evaluation=dict(trained.description),
        )
        trees = f"heads/{primary}/model.txt"
        write_mlmodel(folder, recipe=decision.recipe, lightgbm_file=trees if (folder / trees).exists() else None)
        winner = records[f"{primary}: {decision.recipe}"]
        run_id = log_training(
            settings,
            family.name,
            RunRecord(f"training {training.cut_off}", tags, winner.parameters, winner.metrics),
            records,
            folder,
            card_folder=_write_card(Path(scratch) / "card", training, trained, frames),
        )
        shutil.rmtree(folder)
    return register(
        settings,
        family=family.name,
        run_id=run_id,
        label_cutoff=training.cut_off,
        recipe=decision.recipe,
        gate_passed=decision.passed,
        reason=decision.reason,
        inputs_key=facts["inputs_key"],
        manifest_sha256=manifest,
    )


def _records(training: _Training, trained: Trained, tags: Mapping[str, str]) -> dict[str, RunRecord]:
    """Return one record per head and recipe, by ``<head>: <recipe>``."""
    records = {}
    for head, tournament in trained.tournaments.items():
        baseline = tournament.tested[tournament.head.baseline]
        for name, tested in tournament.tested.items():
            is_winner = name == tournament.decision.recipe
            records[f"{head}: {name}"] = RunRecord(
                name=f"{head}: {name} {training.cut_off}",
                tags={**tags, "head": head, "recipe": name, "is_winner": str(is_winner).lower()},
                parameters={**RECIPES[name].parameters, "features": ",".join(tested.scorer.model.features)},
                metrics=metrics_of_recipe(tested, baseline),
            )
    return records


def _write_card(folder: Path, training: _Training, trained: Trained, frames: TrainingFrames) -> Path:
    """Write the model card of the tested fit, which is logged beside the model."""
    heads = {
        name: describe_head(one.head)
        | {
            "final": describe_test(one, look_at(one.head, frames.by_origin[one.windows.test]), seed=SEED),
            "canaries": trained.description["canaries"][name],
        }
        for name, one in trained.tournaments.items()
    }
    facts = training.facts()
    said = ("label_cutoff", "metrics_of", "snapshot_id", "data_sha256", "encoder_key", "code_revision", "seed")
    card = make_model_card(
        training.family.name,
        training.family.title,
        plain(heads),
        {name.replace("_", " "): str(facts[name]) for name in said} | {"gate": trained.decision.reason},
    )
    for name, text in card.items():
        write_text(folder / name, text)
    return folder


def _scratch(settings: Settings) -> Path:
    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    return settings.mlflow_dir


def _dates(dates: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in dates]
