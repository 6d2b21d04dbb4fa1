"""What landing remembers: which input gave which snapshot, and where a source that accumulates stands.

``var/landing/recognised/<hash>.json`` names the snapshot of an input that was landed before by this very
code. ``var/landing/heads/<source>.json`` is written last, atomically: until then a load did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nightmarket.errors import SnapshotMissing, SourceUnreadable
from nightmarket.io.atomic import read_json, sha256_of_file, sha256_of_json, write_json
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.settings import Settings

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Head:
    """Where a source that accumulates stands."""

    source_path: str
    """Folder of the exports, so that two shops are never mixed."""
    snapshot_id: str
    loads: tuple[dict[str, Any], ...]
    """Each load: as_of_date, snapshot_id, predecessor, and the files it read (name, bytes, sha256)."""

    def has_landed(self, file: dict[str, Any]) -> bool:
        """True where nothing of ``file`` (name, sha256) can be new.

        A name that was landed before is compared with its newest content, so that a dump which returns to an older
        content is landed; a file that was only renamed or moved is not.
        """
        landed = [known for load in self.loads for known in load["files"]]
        of_name = [known["sha256"] for known in landed if known["name"] == file["name"]]
        if of_name:
            return bool(of_name[-1] == file["sha256"])
        return any(known["sha256"] == file["sha256"] for known in landed)


def describe_inputs(files: Iterable[tuple[str, Path]]) -> tuple[dict[str, Any], ...]:
    """Hash the input files, given as name and path: name, bytes and SHA-256 of each.

    Raises
    ------
    SourceUnreadable
        A file cannot be read, or is gone since it was listed.
    """
    return tuple(_describe_input(name, path) for name, path in files)


def _describe_input(name: str, path: Path) -> dict[str, Any]:
    try:
        return {"name": name, "bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
    except OSError as error:
        raise SourceUnreadable(
            f"Got {path}, which cannot be read ({error.strerror}), but expected every file of the source to stay and "
            "be readable. Let this user read it, or put it back, and run `nightmarket land` again."
        ) from error


def input_fingerprint(source: str, timezone: str, currency: str | None, inputs: tuple[dict[str, Any], ...]) -> str:
    """Hash all that decides what is landed: the input, the shop, and the code that lands it."""
    import duckdb

    code = [
        *sorted((_PACKAGE / "sources").glob("*.py")),
        _PACKAGE / "contracts.py",
        _PACKAGE / "clock.py",
        _PACKAGE / "io" / "landing.py",
        *sorted((_PACKAGE / "steps" / "landing").glob("*.py")),
    ]
    return sha256_of_json(
        {
            "source": source,
            "timezone": timezone,
            "currency": currency,
            "inputs": inputs,
            "code": [sha256_of_file(path) for path in code],
            "duckdb": duckdb.__version__,
        }
    )


def recognise(settings: Settings, fingerprint: str) -> Snapshot | None:
    """Return the snapshot this input gave before, if all its files are still whole."""
    path = settings.landing_dir / "recognised" / f"{fingerprint}.json"
    if not path.exists():
        return None
    try:
        return read_snapshot(settings, read_json(path)["snapshot_id"], verify=True)
    except SnapshotMissing:
        return None


def remember(settings: Settings, fingerprint: str, snapshot: Snapshot) -> None:
    """Note which snapshot an input gave."""
    write_json(settings.landing_dir / "recognised" / f"{fingerprint}.json", {"snapshot_id": snapshot.snapshot_id})


def read_head(settings: Settings, source: str) -> Head | None:
    """Return where ``source`` stands, None before its first load."""
    path = _head_path(settings, source)
    if not path.exists():
        return None
    raw = read_json(path)
    return Head(raw["source_path"], raw["snapshot_id"], tuple(raw["loads"]))


def write_head(settings: Settings, source: str, head: Head) -> None:
    """Move the head of ``source``, in one step."""
    write_json(_head_path(settings, source), asdict(head))


def _head_path(settings: Settings, source: str) -> Path:
    return settings.landing_dir / "heads" / f"{source}.json"
