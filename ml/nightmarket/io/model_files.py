"""A model as a folder of plain files with a manifest of their SHA-256, and the way back that trusts nothing."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from nightmarket.errors import ModelCorrupted
from nightmarket.io.atomic import read_json, sha256_of_file, write_json
from nightmarket.modeling.calibrate import Calibrator
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.tournament import Scorer
from nightmarket.text.profiles import Projection

MANIFEST, CALIBRATOR, PROJECTION = "manifest.json", "calibrator.json", "projection.safetensors"
EVALUATION = "evaluation.json"


@dataclass(frozen=True)
class StoredModel:
    """A model read back: what scoring needs, and its manifest."""

    scorer: Scorer
    projection: Projection
    manifest: dict[str, Any]
    manifest_sha256: str

    @property
    def label_cutoff(self) -> date:
        return date.fromisoformat(self.manifest["label_cutoff"])


def save_model(
    folder: Path, scorer: Scorer, projection: Projection, *, manifest: dict[str, Any], evaluation: dict[str, Any]
) -> str:
    """Write the model's files and, last, the manifest that names their hashes; return the manifest's own."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(scorer.model.save(folder))
    write_json(folder / CALIBRATOR, scorer.calibrator.to_json())
    save_file({k: np.ascontiguousarray(v) for k, v in projection.to_arrays().items()}, folder / PROJECTION)
    write_json(folder / EVALUATION, evaluation)
    names += [CALIBRATOR, PROJECTION, EVALUATION]
    files = {name: sha256_of_file(folder / name) for name in sorted(names)}
    write_json(
        folder / MANIFEST,
        {**manifest, "recipe": scorer.model.recipe, "features": list(scorer.model.features), "files": files},
    )
    return sha256_of_file(folder / MANIFEST)


def load_model(folder: Path, *, manifest_sha256: str, threads: int = 1) -> StoredModel:
    """Read a model whose every byte is the one that was registered.

    The hash comes first, then a child process parses the file: LightGBM 4.7 kills its process on
    most corrupted files, and scores silently wrong on some of the rest.

    Raises
    ------
    ModelCorrupted
        A file is missing or changed, or cannot be parsed.
    """
    manifest = verify_files(folder, manifest_sha256=manifest_sha256)
    recipe = RECIPES.get(manifest["recipe"])
    if recipe is None:
        raise ModelCorrupted(
            f"Got a model of the recipe {manifest['recipe']!r} in {folder} but expected one of "
            f"{', '.join(RECIPES)}. It is from another version of Nightmarket: run `nightmarket train` again."
        )
    if "model.txt" in manifest["files"]:
        _parse_in_child(folder)
    model = recipe.load(folder, threads=threads)
    if list(model.features) != manifest["features"]:
        raise ModelCorrupted(
            f"Got a model that reads {len(model.features)} columns but expected the {len(manifest['features'])} that "
            f"its manifest names, in that order ({folder}). Run `nightmarket train` again."
        )
    return StoredModel(
        scorer=Scorer(model, Calibrator.from_json(read_json(folder / CALIBRATOR))),
        projection=Projection.from_arrays(load_file(folder / PROJECTION)),
        manifest=manifest,
        manifest_sha256=manifest_sha256,
    )


def verify_files(folder: Path, *, manifest_sha256: str) -> dict[str, Any]:
    """Return the manifest after every hash matched.

    Raises
    ------
    ModelCorrupted
        A file is missing or changed; the message names it.
    """
    path = folder / MANIFEST
    _verify(path, manifest_sha256)
    manifest: dict[str, Any] = json.loads(path.read_text())
    for name, expected in manifest["files"].items():
        _verify(folder / name, expected)
    return manifest


def _verify(path: Path, expected: str) -> None:
    got = sha256_of_file(path) if path.is_file() else "no file"
    if got != expected:
        raise ModelCorrupted(
            f"Got {got} for {path} but expected SHA-256 {expected}, as registered. The file was changed or damaged: "
            "restore var/mlflow from a backup, or run `nightmarket train` for a new version."
        )


def _parse_in_child(folder: Path) -> None:
    code = "import sys, lightgbm; lightgbm.Booster(model_file=sys.argv[1])"
    child = subprocess.Popen(  # noqa: S603 - our own interpreter on a file whose hash matched
        [sys.executable, "-c", code, str(folder / "model.txt")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    importlib.import_module("lightgbm")  # this process needs it next; the child's own import is as long
    if child.wait() != 0:
        raise ModelCorrupted(
            f"Got a model file that ends its reader with code {child.returncode} ({folder / 'model.txt'}) but expected "
            "one that LightGBM can parse. Run `nightmarket train` for a new version."
        )
