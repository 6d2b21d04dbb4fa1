"""Which code runs: part of every run_id and model manifest."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from nightmarket.settings import PROJECT_DIR

_SOURCES = (
    ("ml/nightmarket", "*.py"),
    ("dbt_project/models", "*.sql"),
    ("dbt_project/macros", "*.sql"),
    ("dbt_project", "dbt_project.yml"),  # its vars say who is active and which categories count
)


@functools.cache
def code_revision(project: Path = PROJECT_DIR) -> str:
    """Return a hash of the package's and the dbt project's sources.

    The content, not the commit: an uncommitted change must change it, and a commit that only
    touches documentation must not, or a rerun of yesterday would differ from yesterday.
    """
    return f"src-{_hash(project, _SOURCES)}"


@functools.cache
def models_revision(project: Path = PROJECT_DIR) -> str:
    """Return a hash of the dbt project's sources alone: what rows of features and labels depend on."""
    return f"dbt-{_hash(project, _SOURCES[1:])}"


def _hash(project: Path, sources: tuple[tuple[str, str], ...]) -> str:
    digest = hashlib.sha256()
    for folder, pattern in sources:
        for path in sorted((project / folder).rglob(pattern)):
            digest.update(path.relative_to(project).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
