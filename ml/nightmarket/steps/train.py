"""``nightmarket train``: train, calibrate, test, gate and register the recipes of a family at a cut-off."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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
from nightmarket.modeling.gate import BASELINE
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows, training_windows
from nightmarket.modeling.text_features import fit_text_projection
from nightmarket.modeling.tournament import (
    Scorer,
    Tournament,
    fit_scorer,
    hold_gate,
    measure_scorers,
    refuse_one_class,
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
        There is too little closed history, or an origin on which nothing can be learned.
    """
    chosen = get_family(family)
    embedded = Night(settings, as_of, snapshot_id).read("embed")
    champion = find_version(settings, family, as_of, inputs_key=chosen.inputs_key(embedded["encoder_key"]))
    if if_needed and champion is not None:
        return None
    snapshot = read_snapshot(settings, snapshot_id)
    windows = training_windows(as_of, first_order_date(settings, snapshot, as_of))
    space = TextSpace(embedded["encoder_key"], embedded["dim"])

    frames, projection = _read_frames(settings, chosen, windows, snapshot_id, space)
    refuse_one_class(list(frames.values()))
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


def _read_frames(
    settings: Settings, family: Family, windows: TrainingWindows, snapshot_id: str, space: TextSpace
) -> tuple[dict[date, Frame], Projection]:
    """Read every origin; the text space is fitted on the newest training origin, before any test label."""
    frames: dict[date, Frame] = {}
    with open_warehouse(settings) as connection:
        reader = FrameReader(connection, family, snapshot_id, space)
        newest = reader.read(windows.train[0], with_label=True)
        texts = reader.read_text(newest)
        projection = fit_text_projection(texts, family.n_text_components)
        frames[newest.as_of_date] = derive_features(newest, texts, projection)
        for origin in windows.origins:
            if origin not in frames:
                frame = reader.read(origin, with_label=True)
                frames[origin] = derive_features(frame, reader.read_text(frame), projection)
    return frames, projection


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
