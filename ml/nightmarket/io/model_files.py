"""A model as a folder of plain files with a manifest of their SHA-256, and the way back that trusts nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from nightmarket.errors import ModelCorrupted
from nightmarket.io.atomic import read_json, sha256_of_file, write_json
from nightmarket.modeling.amounts import Conformal
from nightmarket.modeling.calibrate import Calibrator
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.recipes.boosting import NOT_FOR_SCORING, import_lightgbm_alone
from nightmarket.modeling.tournament import Scorer

MANIFEST, SPACE, EVALUATION = "manifest.json", "space.safetensors", "evaluation.json"
HEADS, CALIBRATION = "heads", "calibration.json"
"""Each head's files are in ``heads/<head>/``: what its recipe wrote, and its calibration."""

_CALIBRATIONS: dict[str, Any] = {"piecewise_linear_logit": Calibrator, "conformal": Conformal}


@dataclass(frozen=True)
class StoredModel:
    """A model read back: what scoring needs, and its manifest."""

    scorers: Mapping[str, Scorer]
    space: Mapping[str, NDArray[Any]]
    manifest: dict[str, Any]
    manifest_sha256: str

    @property
    def label_cutoff(self) -> date:
        return date.fromisoformat(self.manifest["label_cutoff"])


def save_model(
    folder: Path,
    scorers: Mapping[str, Scorer],
    space: Mapping[str, NDArray[Any]],
    *,
    manifest: dict[str, Any],
    evaluation: dict[str, Any],
) -> str:
    """Write the model's files and, last, the manifest that names their hashes; return the manifest's own.

    Parameters
    ----------
    scorers : by head, the primary one first
    space : the arrays that features are derived with
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    for head, scorer in scorers.items():
        inner = folder / HEADS / head
        inner.mkdir(parents=True)
        written = [*scorer.model.save(inner), CALIBRATION]
        write_json(inner / CALIBRATION, scorer.calibration.to_json())
        names += [f"{HEADS}/{head}/{name}" for name in written]
    if space:
        save_file({name: np.ascontiguousarray(array) for name, array in space.items()}, folder / SPACE)
        names.append(SPACE)
    write_json(folder / EVALUATION, evaluation)
    names.append(EVALUATION)
    files = {name: sha256_of_file(folder / name) for name in sorted(names)}
    heads = {
        head: {"recipe": scorer.model.recipe, "features": list(scorer.model.features)}
        for head, scorer in scorers.items()
    }
    write_json(folder / MANIFEST, {**manifest, "heads": heads, "files": files})
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
    unknown = sorted({head["recipe"] for head in manifest["heads"].values()} - set(RECIPES))
    if unknown:
        raise ModelCorrupted(
            f"Got a model of the recipe {unknown[0]!r} in {folder} but expected one of "
            f"{', '.join(RECIPES)}. It is from another version of Nightmarket: run `nightmarket train` again."
        )
    trees = [folder / name for name in manifest["files"] if name.endswith("/model.txt")]
    if trees:
        parse_in_child(trees)
    space = load_file(folder / SPACE) if SPACE in manifest["files"] else {}
    scorers = {head: _load_head(folder, head, described, threads) for head, described in manifest["heads"].items()}
    return StoredModel(scorers, space, manifest, manifest_sha256)


def _load_head(folder: Path, head: str, described: Mapping[str, Any], threads: int) -> Scorer:
    inner = folder / HEADS / head
    model = RECIPES[described["recipe"]].load(inner, threads=threads)
    if list(model.features) != described["features"]:
        raise ModelCorrupted(
            f"Got a model that reads {len(model.features)} columns but expected the {len(described['features'])} that "
            f"its manifest names, in that order ({inner}). Run `nightmarket train` again."
        )
    raw = read_json(inner / CALIBRATION)
    if raw.get("kind") not in _CALIBRATIONS:
        raise ModelCorrupted(
            f"Got the calibration {raw.get('kind')!r} in {inner} but expected one of {', '.join(_CALIBRATIONS)}. "
            "It is from another version of Nightmarket: run `nightmarket train` again."
        )
    return Scorer(model, _CALIBRATIONS[raw["kind"]].from_json(raw))


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


def parse_in_child(files: Sequence[Path]) -> None:
    absent = f"sys.modules.update(dict.fromkeys({NOT_FOR_SCORING}))"  # see import_lightgbm_alone
    code = f"import sys; {absent}; import lightgbm; [lightgbm.Booster(model_file=one) for one in sys.argv[1:]]"
    child = subprocess.Popen(  # noqa: S603 - our own interpreter on files whose hashes matched
        [sys.executable, "-c", code, *map(str, files)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    import_lightgbm_alone()  # this process needs it next; the child's own import is as long
    if child.wait() != 0:
        raise ModelCorrupted(
            f"Got a model file that ends its reader with code {child.returncode} ({', '.join(map(str, files))}) but "
            "expected ones that LightGBM can parse. Run `nightmarket train` for a new version."
        )
