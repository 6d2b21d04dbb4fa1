"""``nightmarket train``: train, calibrate, test, gate and register the recipes of a family at a cut-off."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import NoChampion, StepMissing
from nightmarket.families import get_family
from nightmarket.families.base import Family
from nightmarket.io.atomic import sha256_of_json
from nightmarket.io.landing import read_snapshot
from nightmarket.io.model_files import save_model
from nightmarket.io.night import Night
from nightmarket.io.registry import ModelVersion, find_version, register
from nightmarket.io.revision import code_revision
from nightmarket.io.tracking import RunRecord, log_training, write_mlmodel
from nightmarket.io.training_data import FrameReader, TextSpace, first_order_date
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.evaluation import describe_tournament, metrics_of_recipe
from nightmarket.modeling.features import derive_features
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.gate import BASELINE, hold_refit_gate
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows, training_windows
from nightmarket.modeling.text_features import fit_text_projection
from nightmarket.modeling.tournament import (
    Scorer,
    Tournament,
    fit_scorer,
    hold_gate,
    keep_usable,
    measure_scorers,
)
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.text.profiles import Projection

SEED = 20_170_101


@dataclass(frozen=True)
class _Training:
    """What the run, the manifest and the version all say about this training."""

    family: Family
    snapshot_id: str
    encoder_key: str
    windows: TrainingWindows
    data_sha256: str
    threshold: float

    def facts(self) -> dict[str, Any]:
        return {
            "family": self.family.name,
            "label_cutoff": self.windows.cut_off.isoformat(),
            "horizon_days": self.family.horizon_days,
            "threshold": self.threshold,
            "snapshot_id": self.snapshot_id,
            "data_sha256": self.data_sha256,
            "encoder_key": self.encoder_key,
            "inputs_key": self.family.inputs_key(self.encoder_key),
            "code_revision": code_revision(),
            "seed": SEED,
            "metrics_of": "tested fit",
            "dropped_origins": _dates(self.windows.dropped),
            "train_origins": _dates(self.windows.train),
            "calibrate_origin": self.windows.calibrate.isoformat(),
            "test_origin": self.windows.test.isoformat(),
            "refit_train_origins": _dates(self.windows.refit_train),
            "refit_calibrate_origin": self.windows.refit_calibrate.isoformat(),
        }


def run(
    settings: Settings, *, family: str, as_of: date, snapshot_id: str, if_needed: bool = False
) -> StepResult | None:
    """Train ``family`` at the cut-off ``as_of``; None where ``if_needed`` and a version may already score it.

    Raises
    ------
    TrainingRefused
        There is too little closed history, or no origin on which something can be learned.
    StepMissing
        ``transform`` of this night did not build an origin that the training needs.
    NoChampion
        The refitted model was refused, and no other version may score this night.
    """
    chosen = get_family(family)
    night = Night(settings, as_of, snapshot_id)
    embedded = night.read("embed")
    champion = find_version(settings, family, as_of, inputs_key=chosen.inputs_key(embedded["encoder_key"]))
    if if_needed and champion is not None:
        return None
    snapshot = read_snapshot(settings, snapshot_id)
    windows = training_windows(as_of, first_order_date(settings, snapshot, as_of))
    _need_built(night, windows)
    space = TextSpace(embedded["encoder_key"], embedded["dim"])

    windows, frames, projection = _read_frames(settings, chosen, windows, snapshot_id, space)
    training = _Training(
        family=chosen,
        snapshot_id=snapshot_id,
        encoder_key=space.encoder_key,
        windows=windows,
        data_sha256=sha256_of_json([frames[origin].sha256() for origin in windows.origins]),
        threshold=settings.decision_threshold,
    )
    tournament = _hold_tournament(settings, chosen, frames, windows, champion.recipe if champion else None)
    winner = tournament.decision.recipe
    refitted = fit_scorer(
        RECIPES[winner],
        [frames[origin] for origin in windows.refit_train],
        frames[windows.refit_calibrate],
        features=chosen.feature_columns,
        seed=SEED,
        threads=settings.threads,
    )
    decision = hold_refit_gate(
        tournament.decision,
        refitted=refitted.probabilities(frames[windows.test]),
        tested=tournament.tested[winner].probability,
        base_rate=float(frames[windows.test].y.mean()),
    )
    tournament = replace(tournament, decision=decision)
    description = describe_tournament(tournament, frames[windows.test].y, threshold=settings.decision_threshold)
    n_rows = sum(len(frames[origin]) for origin in windows.train)
    version = _register(
        settings,
        training,
        tournament=tournament,
        refitted=refitted,
        projection=projection,
        description=description,
    )
    usable = find_version(settings, family, as_of, inputs_key=training.facts()["inputs_key"])
    if usable is None:
        raise NoChampion(
            f"Got {version.name}, registered with gate_passed=false, and no other version of {family} that may score "
            f"{as_of}, but expected one. {version.reason} Look at the features of the night and of its training "
            "origins, then train again."
        )
    return StepResult(
        rows=n_rows,
        detail={
            **training.facts(),
            "model_version": version.name,
            "recipe": winner,
            "gate_passed": version.gate_passed,
            "gate_reason": version.reason,
            "mlflow_run_id": version.run_id,
            "metrics": description["metrics"],
        },
    )


def _need_built(night: Night, windows: TrainingWindows) -> None:
    """Refuse origins that only an earlier night built: the data, or the settings, may have changed since."""
    built = set(night.read("transform")["as_of_dates"])
    missing = [day for day in _dates(windows.origins) if day not in built]
    if missing:
        raise StepMissing(
            f"Got no {', '.join(missing)} among the dates that `transform` built for {night.as_of_date} on snapshot "
            f"{night.snapshot_id}, expected every origin of the training. "
            "Run `nightmarket transform --for-training` for this night first."
        )


def _read_frames(
    settings: Settings, family: Family, windows: TrainingWindows, snapshot_id: str, space: TextSpace
) -> tuple[TrainingWindows, dict[date, Frame], Projection]:
    """Read every origin and keep the usable ones.

    The text space is fitted on the newest training origin, before any test label.
    """
    with open_warehouse(settings) as connection:
        reader = FrameReader(connection, family, snapshot_id, space)
        read = {origin: reader.read(origin, with_label=True) for origin in windows.origins}
        windows = keep_usable(windows, read)
        newest = read[windows.train[0]]
        texts = reader.read_text(newest)
        projection = fit_text_projection(texts, family.n_text_components)
        frames = {newest.as_of_date: derive_features(newest, texts, projection)}
        for origin in windows.origins:
            if origin not in frames:
                frames[origin] = derive_features(read[origin], reader.read_text(read[origin]), projection)
    return windows, frames, projection


def _hold_tournament(
    settings: Settings, family: Family, frames: Mapping[date, Frame], windows: TrainingWindows, champion: str | None
) -> Tournament:
    scorers = {
        name: fit_scorer(
            recipe,
            [frames[origin] for origin in windows.train],
            frames[windows.calibrate],
            features=family.feature_columns,
            seed=SEED,
            threads=settings.threads,
        )
        for name, recipe in RECIPES.items()
    }
    tested = measure_scorers(scorers, frames[windows.test], threshold=settings.decision_threshold, seed=SEED)
    return Tournament(tested, hold_gate(tested, champion))


def _register(
    settings: Settings,
    training: _Training,
    *,
    tournament: Tournament,
    refitted: Scorer,
    projection: Projection,
    description: dict[str, Any],
) -> ModelVersion:
    facts, decision, family = training.facts(), tournament.decision, training.family
    baseline = tournament.tested[BASELINE]
    tags = {name: str(value) for name, value in facts.items()} | {
        "recipe": decision.recipe,
        "gate_passed": str(decision.passed).lower(),
        "gate_reason": decision.reason,
    }
    records = {
        name: RunRecord(
            name=f"{name} {training.windows.cut_off}",
            tags={**tags, "recipe": name, "is_winner": str(name == decision.recipe).lower()},
            parameters={**RECIPES[name].parameters, "features": ",".join(tested.scorer.model.features)},
            metrics=metrics_of_recipe(tested, baseline),
        )
        for name, tested in tournament.tested.items()
    }
    winner = records[decision.recipe]
    with tempfile.TemporaryDirectory(dir=_scratch(settings)) as scratch:
        folder = Path(scratch) / "model"
        manifest = save_model(
            folder,
            refitted,
            projection,
            manifest={**facts, "parameters": RECIPES[decision.recipe].parameters},
            evaluation=description,
        )
        write_mlmodel(
            folder,
            recipe=decision.recipe,
            lightgbm_file="model.txt" if (folder / "model.txt").exists() else None,
        )
        run_id = log_training(
            settings,
            family.name,
            RunRecord(f"training {training.windows.cut_off}", tags, winner.parameters, winner.metrics),
            records,
            folder,
        )
        shutil.rmtree(folder)
    return register(
        settings,
        family=family.name,
        run_id=run_id,
        label_cutoff=training.windows.cut_off,
        recipe=decision.recipe,
        gate_passed=decision.passed,
        reason=decision.reason,
        inputs_key=facts["inputs_key"],
        manifest_sha256=manifest,
    )


def _scratch(settings: Settings) -> Path:
    settings.mlflow_dir.mkdir(parents=True, exist_ok=True)
    return settings.mlflow_dir


def _dates(dates: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in dates]
