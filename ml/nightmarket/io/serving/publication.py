"""Publish a night: copy, build, then one rename. Nothing before the rename can be seen."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from nightmarket.errors import NothingPublished, PublishRefused, ServingMoved
from nightmarket.io.atomic import fsync
from nightmarket.io.serving.catalog import (
    Catalog,
    PublishedFile,
    Run,
    generations,
    read_catalog,
    read_served_catalog,
    served_link,
    write_catalog,
)
from nightmarket.io.serving.generation import build_database
from nightmarket.io.serving.ledger import LEDGER
from nightmarket.io.serving.pruning import prune
from nightmarket.io.serving.results import RESULTS, store_results
from nightmarket.io.serving.staged import validate_staged
from nightmarket.io.serving.storing import StagedLedger, StagedTable, store_file
from nightmarket.settings import Settings


@dataclass(frozen=True)
class Publication:
    """What became visible."""

    generation: int
    runs: tuple[Run, ...]


def _go_on(stage: str) -> None:
    """Do nothing between two stages; the tests kill the process here instead."""


def publish_night(
    settings: Settings,
    *,
    as_of: date,
    snapshot_id: str,
    staged: Mapping[str, StagedTable],
    verdict: str,
    checks: Mapping[str, Mapping[str, Any]],
    steps: Mapping[str, Mapping[str, float]],
    ledger: StagedLedger | None = None,
    results: pa.Table | None = None,
    reached: Callable[[str], None] = _go_on,
) -> Publication:
    """Make the staged tables of one night visible together, or none of them.

    Parameters
    ----------
    staged
        Table name (as in ``SERVED_TABLES``) → its staged file.
    verdict, checks, steps
        What ``ops.runs`` says of the night; see ``Run``.
    ledger
        What the night measured of earlier ones; it becomes visible with the scores.
    results
        What the night measured of campaigns that are over, as ``ops.campaign_results``.
    reached
        Called with the name of each stage when it is done. If it does not return, what was
        served before goes on being served.

    Raises
    ------
    PublishRefused
        A staged file is not what was checked, breaks the table's contract, or holds a key twice.
    """
    if not staged:
        raise PublishRefused("Got no staged table but expected at least one. Run `nightmarket score` first.")
    n_rows = {name: validate_staged(name, table.path, as_of) for name, table in staged.items()}
    with publish_lock(settings) as published_at:
        try:
            catalog = read_served_catalog(settings)
        except NothingPublished:
            catalog = Catalog(served_from=str(settings.serving_dir))
        files = {name: store_file(settings, name, as_of, table, n_rows[name]) for name, table in staged.items()}
        measured = store_file(settings, LEDGER.name, as_of, ledger, ledger.n_rows) if ledger else None
        brought = store_results(settings, catalog, as_of, results) if results is not None else None
        reached("stored")
        attempt = catalog.next_attempt(as_of)
        runs = tuple(
            Run(
                run_id=table.run_id,
                attempt=attempt,
                as_of_date=as_of,
                snapshot_id=snapshot_id,
                family=table.family,
                table_name=name,
                model_version=table.model_version,
                recipe=table.recipe,
                n_rows=files[name].n_rows,
                verdict=verdict,
                checks={border: dict(check) for border, check in checks.items()},
                steps={step: dict(figures) for step, figures in steps.items()},
                staged_sha256=table.sha256,
                published_sha256=files[name].sha256,
                code_revision=table.code_revision,
                hashes=dict(table.hashes or {}),
                published_at=published_at.isoformat(),
            )
            for name, table in sorted(staged.items())
        )
        shown: dict[str, PublishedFile | None] = {**files, LEDGER.name: measured}
        if brought is not None:
            shown[RESULTS.name] = brought
        number = _serve(settings, catalog.with_night(as_of, shown, runs), reached)
    return Publication(number, runs)


def publish_results(settings: Settings, *, as_of: date, results: pa.Table) -> int:
    """Make what was measured of campaigns as of ``as_of`` visible beside what is served; return the generation.

    Exactly the rows of these campaigns and this night are replaced. No other table changes, and the same measurement
    again is the same file.

    Raises
    ------
    NothingPublished
        No night was published yet, so nothing was dealt either.
    """
    with publish_lock(settings):
        catalog = read_served_catalog(settings)
        brought = store_results(settings, catalog, as_of, results)
        return _serve(settings, catalog.with_night(as_of, {RESULTS.name: brought}, ()), _go_on)


def relink(settings: Settings) -> int:
    """Serve the same files from where ``var`` is now, as a new generation; return its number.

    Raises
    ------
    NothingPublished
        There is no generation to relink.
    ServingMoved
        A file of the catalog did not come along.
    """
    with publish_lock(settings):
        try:
            catalog = read_served_catalog(settings)
        except (ServingMoved, NothingPublished):
            finished = [path for path in generations(settings).values() if (path / "catalog.json").exists()]
            if not finished:
                raise
            catalog = read_catalog(finished[-1])
        for path in sorted(catalog.paths):
            if not (settings.serving_dir / path).exists():
                raise ServingMoved(
                    f"Got no file {settings.serving_dir / path}, expected every published file to have moved along. "
                    f"Copy {path} from where var was before, and relink again."
                )
        return _serve(settings, catalog, _go_on)


@contextlib.contextmanager
def publish_lock(settings: Settings) -> Iterator[datetime]:
    """Wait to be the only one who publishes; yield when that was, by the file system's clock.

    Waiting is right here, unlike for the warehouse: a publication takes about a second.
    """
    settings.serving_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.serving_dir / "publish.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}\n".encode())
        yield datetime.fromtimestamp(int(os.fstat(descriptor).st_mtime), UTC).replace(tzinfo=None)
    finally:
        os.close(descriptor)


def _serve(settings: Settings, catalog: Catalog, reached: Callable[[str], None]) -> int:
    """Build the next generation and rename the link to it: the one instant of publication."""
    catalog = replace(catalog, served_from=str(settings.serving_dir))
    number = max(generations(settings), default=0) + 1
    folder = settings.serving_dir / "generations" / str(number)
    folder.mkdir(parents=True)
    build_database(folder / "serving.duckdb", catalog)
    reached("built")
    write_catalog(folder, catalog)
    for level in (folder, folder.parent, settings.serving_dir):
        fsync(level)
    reached("cataloged")
    beside = settings.serving_dir / ".serving.duckdb.next"
    beside.unlink(missing_ok=True)
    # Relative, so that the link itself survives a move of var; only the views need `relink`.
    beside.symlink_to(Path("generations") / str(number) / "serving.duckdb")
    reached("about to link")
    beside.replace(served_link(settings))
    fsync(settings.serving_dir)
    reached("linked")
    prune(settings, served=folder)
    return number
