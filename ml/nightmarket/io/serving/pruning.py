"""Old generations and the files only they show: kept for readers, then removed."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from nightmarket.io.serving.catalog import generations, read_catalog
from nightmarket.settings import Settings

GRACE = timedelta(hours=24)
"""How long a generation that is no longer served, and no longer one of the kept, can still be read.

A report or a dashboard that opened it just before must be able to end its query."""


def prune(settings: Settings, *, served: Path, grace: timedelta = GRACE) -> None:
    """Remove generations beyond ``settings.generations_to_keep``, then the files that none shows.

    Ages are differences of the file system's own times, with the served generation's as the
    present, so no clock is asked. Must run under the publish lock. The night is visible already: a
    generation whose catalog cannot be read must not fail it, so as long as it stays, no file goes.
    """
    folders = generations(settings)
    horizon = (served / "catalog.json").stat().st_mtime - grace.total_seconds()
    kept = set(list(folders)[-settings.generations_to_keep :])
    superseded_at = _times_superseded(folders)
    for number, folder in folders.items():
        if folder == served:
            continue
        unfinished = not (folder / "catalog.json").exists()
        if unfinished or (number not in kept and superseded_at[number] < horizon):
            shutil.rmtree(folder)
    shown: set[str] = set()
    for folder in generations(settings).values():
        try:
            shown |= read_catalog(folder).paths
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return
    for file in (settings.serving_dir / "tables").glob("*/*/*"):
        if str(file.relative_to(settings.serving_dir)) not in shown and file.stat().st_mtime < horizon:
            file.unlink()


def _times_superseded(folders: dict[int, Path]) -> dict[int, float]:
    """Return for each generation when the next one was made (the newest: never)."""
    times: dict[int, float] = {}
    following = float("inf")
    for number in reversed(folders):
        times[number] = following
        catalog = folders[number] / "catalog.json"
        if catalog.exists():
            following = catalog.stat().st_mtime
    return times
