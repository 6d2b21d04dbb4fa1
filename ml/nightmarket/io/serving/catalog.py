"""What a generation serves, as data: ``catalog.json`` is the truth, ``serving.duckdb`` its picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io.atomic import read_json, write_json
from nightmarket.settings import Settings

RESULTS_NAME = "ops.campaign_results"
"""Its files are of nights that measured (``io.serving.results``), which need not be published nights."""


@dataclass(frozen=True)
class PublishedFile:
    """One immutable Parquet file. ``path`` is relative to ``var/serving``."""

    path: str
    sha256: str
    n_rows: int


@dataclass(frozen=True)
class Run:
    """One publication of one table for one night: a row of ``ops.runs``.

    ``attempt`` counts the publications of ``as_of_date`` from 1. ``steps`` maps each step of the
    night to its rows and seconds, ``checks`` each border to its verdict and counts. ``attempt``,
    ``steps`` and ``published_at`` tell of the attempt; all else is the same when a night is run again.
    """

    run_id: str
    attempt: int
    as_of_date: date
    snapshot_id: str
    family: str
    table_name: str
    model_version: str
    recipe: str
    n_rows: int
    verdict: str
    checks: dict[str, dict[str, Any]]
    steps: dict[str, dict[str, float]]
    staged_sha256: str
    published_sha256: str
    code_revision: str | None
    hashes: dict[str, Any]
    published_at: str
    """UTC, ISO 8601, from the file system's clock."""

    @property
    def seconds(self) -> float:
        """Work of the night's steps, in seconds."""
        return round(sum(step.get("seconds", 0.0) for step in self.steps.values()), 3)


@dataclass(frozen=True)
class Catalog:
    """One state of the store. ``tables`` maps table → as_of_date → file."""

    served_from: str
    """Absolute folder that the views of this generation were built for."""
    tables: dict[str, dict[date, PublishedFile]] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()

    @property
    def nights(self) -> list[date]:
        """Every published night, oldest first; a campaign can be measured on other nights too."""
        return sorted({night for name, files in self.tables.items() if name != RESULTS_NAME for night in files})

    @property
    def paths(self) -> set[str]:
        """Every file this generation shows, relative to ``var/serving``."""
        return {file.path for files in self.tables.values() for file in files.values()}

    def next_attempt(self, as_of: date) -> int:
        return 1 + max((run.attempt for run in self.runs if run.as_of_date == as_of), default=0)

    def with_night(self, as_of: date, files: dict[str, PublishedFile | None], runs: tuple[Run, ...]) -> Catalog:
        """Return the catalog in which exactly ``as_of`` is replaced, for the tables of ``files`` (None: no file)."""
        tables = {name: dict(nights) for name, nights in self.tables.items()}
        for name, file in files.items():
            if file is None:
                tables.get(name, {}).pop(as_of, None)
            else:
                tables.setdefault(name, {})[as_of] = file
        return replace(self, tables=tables, runs=(*self.runs, *runs))


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Write ``catalog.json``; it is the last file of a generation, so its presence says *complete*."""
    tables = {
        name: {night.isoformat(): asdict(file) for night, file in sorted(nights.items())}
        for name, nights in catalog.tables.items()
    }
    write_json(
        folder / "catalog.json",
        {"served_from": catalog.served_from, "tables": tables, "runs": [asdict(run) for run in catalog.runs]},
    )


_BEFORE: dict[str, Any] = {
    "attempt": 1,
    "snapshot_id": "",
    "family": "",
    "model_version": "",
    "recipe": "",
    "n_rows": 0,
    "verdict": "passed",
    "checks": {},
    "steps": {},
    "staged_sha256": "",
    "published_sha256": "",
    "code_revision": None,
    "hashes": {},
    "published_at": "1970-01-01T00:00:00",
}
"""What an older catalog did not say of a run, so that a store outlives an update."""


def read_catalog(folder: Path) -> Catalog:
    raw = read_json(folder / "catalog.json")
    return Catalog(
        served_from=raw.get("served_from", ""),
        tables={
            name: {date.fromisoformat(night): PublishedFile(**file) for night, file in nights.items()}
            for name, nights in raw.get("tables", {}).items()
        },
        runs=tuple(
            Run(**{**_BEFORE, **run, "as_of_date": date.fromisoformat(run["as_of_date"])})
            for run in raw.get("runs", ())
        ),
    )


def served_link(settings: Settings) -> Path:
    """The one path that consumers open: ``var/serving/serving.duckdb``."""
    return settings.serving_dir / "serving.duckdb"


def generations(settings: Settings) -> dict[int, Path]:
    """Folders of all generations by number, oldest first, finished or not."""
    folder = settings.serving_dir / "generations"
    if not folder.exists():
        return {}
    return dict(sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal()))


def served_generation(settings: Settings) -> Path:
    """Return the folder of the generation being served.

    Raises
    ------
    NothingPublished
        No night was published yet.
    ServingMoved
        The link is no link, as after a copy that followed it.
    """
    link = served_link(settings)
    if link.is_symlink():
        folder = link.parent / link.readlink().parent
        if (folder / "catalog.json").exists():
            return folder
    if link.is_symlink() or link.exists():
        raise ServingMoved(
            f"Got {link} that does not lead to a generation with its catalog, expected a link to the one being "
            "served. Run `nightmarket relink`; it makes the link and the views anew."
        )
    raise NothingPublished(
        f"Got no published night in {settings.serving_dir}, expected at least one. Run `make nightly`."
    )


def read_served_catalog(settings: Settings) -> Catalog:
    """Return the catalog being served; see ``served_generation`` for what can go wrong."""
    return read_catalog(served_generation(settings))
