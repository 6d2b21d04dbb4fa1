"""What waits to be published, and its copy at the place that its content names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import PublishRefused
from nightmarket.io.atomic import fsync, sha256_of_file
from nightmarket.io.serving.catalog import PublishedFile
from nightmarket.io.serving.ledger import LEDGER
from nightmarket.settings import Settings


@dataclass(frozen=True)
class StagedTable:
    """A checked Parquet file that waits to be published, and what it was made with."""

    path: Path
    sha256: str
    """What the check saw. A file with another hash is refused."""
    family: str
    run_id: str
    model_version: str
    recipe: str
    code_revision: str | None = None
    hashes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StagedLedger:
    """What the night measured of earlier ones (``io.serving.measuring``), as a file."""

    path: Path
    sha256: str
    n_rows: int


def store_file(
    settings: Settings, table: str, as_of: date, staged: StagedTable | StagedLedger, n_rows: int
) -> PublishedFile:
    """Copy a staged file to the place that its content names. Publishing it again changes nothing."""
    # A reader who lets DuckDB read the folder's name as a column must get the column that the file has.
    night = "measured_at_as_of" if table == LEDGER.name else "as_of_date"
    folder = settings.serving_dir / "tables" / table / f"{night}={as_of}"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / ".next"
    beside.unlink(missing_ok=True)
    shutil.copyfile(staged.path, beside)
    # The copy is hashed, not the staged file: what is served is then what was checked, whoever writes meanwhile.
    sha256 = sha256_of_file(beside)
    if sha256 != staged.sha256:
        beside.unlink()
        raise PublishRefused(
            f"Got {staged.path} with SHA-256 {sha256[:12]}… but the check of {table} saw {staged.sha256[:12]}…. "
            f"It changed since. Run `nightmarket check scores --as-of {as_of}` again."
        )
    beside.chmod(0o444)
    fsync(beside)
    path = folder / f"{sha256}.parquet"
    beside.replace(path)
    for level in (folder, folder.parent, folder.parent.parent, settings.serving_dir):
        fsync(level)
    return PublishedFile(str(path.relative_to(settings.serving_dir)), sha256, n_rows)
