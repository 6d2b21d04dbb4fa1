"""A forecaster's model as a folder of plain files: the manifest, the hashes and the distrust of ``model_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nightmarket.errors import ModelCorrupted
from nightmarket.io.atomic import sha256_of_file, write_json
from nightmarket.io.model_files import EVALUATION, MANIFEST, parse_in_child, verify_files
from nightmarket.modeling.demand import DemandModel
from nightmarket.modeling.sales import SalesModel

DEMAND, SALES = "demand", "sales"
"""The folders of the two models of a version."""


class _Savable(Protocol):
    def save(self, folder: Path) -> list[str]:
        """Write the model's files into ``folder``; return their names."""
        ...


@dataclass(frozen=True)
class StoredForecaster:
    """A version read back."""

    demand: DemandModel
    sales: SalesModel
    manifest: dict[str, Any]
    manifest_sha256: str


def save_forecaster(
    folder: Path, demand: DemandModel, sales: SalesModel, *, manifest: dict[str, Any], evaluation: Mapping[str, Any]
) -> str:
    """Write both models and, last, the manifest that names their hashes; return the manifest's own."""
    names = []
    models: dict[str, _Savable] = {DEMAND: demand, SALES: sales}
    for place, model in models.items():
        (folder / place).mkdir(parents=True)
        names += [f"{place}/{name}" for name in model.save(folder / place)]
    write_json(folder / EVALUATION, evaluation)
    names.append(EVALUATION)
    files = {name: sha256_of_file(folder / name) for name in sorted(names)}
    write_json(folder / MANIFEST, {**manifest, "files": files})
    return sha256_of_file(folder / MANIFEST)


def load_forecaster(folder: Path, *, manifest_sha256: str, threads: int = 1) -> StoredForecaster:
    """Read a version whose every byte is the one that was registered.

    Raises
    ------
    ModelCorrupted
        A file is missing or changed, cannot be parsed, or is another kind of model.
    """
    manifest = verify_files(folder, manifest_sha256=manifest_sha256)
    if not {place for name in manifest["files"] for place in [name.partition("/")[0]]} >= {DEMAND, SALES}:
        raise ModelCorrupted(
            f"Got a model without the parts {DEMAND} and {SALES} in {folder} but expected both. It is from another "
            "version of Nightmarket: run `nightmarket train` again."
        )
    trees = [folder / name for name in manifest["files"] if name.endswith("/model.txt")]
    if trees:
        parse_in_child(trees)
    demand = DemandModel.load(folder / DEMAND, threads=threads)
    return StoredForecaster(demand, SalesModel.load(folder / SALES), manifest, manifest_sha256)
