"""What landing remembers: which input gave which snapshot, and where a source that accumulates stands.

``var/landing/recognised/<hash>.json`` names the snapshot of an input that was landed before by this very
code. ``var/landing/heads/<source>.json`` is the head: the load that later ones build on. ``land`` only proposes to move
it (``heads/proposed/<snapshot_id>.json``); the move is made, in one step, once the check of what landed has passed. An
export that the check refuses is so never part of the shop's history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nightmarket.errors import HeadMoved, SnapshotMissing, SourceUnreadable
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
        *sorted((_PACKAGE / "contracts").glob("*.py")),
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
    """Return where ``source`` stands, None before its first accepted load."""
    path = _head_path(settings, source)
    if not path.exists():
        return None
    raw = read_json(path)
    return Head(raw["source_path"], raw["snapshot_id"], tuple(raw["loads"]))


def propose_head(settings: Settings, source: str, head: Head, *, expected: Head | None) -> None:
    """Write the proposal to move the head of ``source`` from ``expected`` (None: a first load) to ``head``."""
    proposal = {"source": source, "expected": expected.snapshot_id if expected else None, "head": asdict(head)}
    write_json(_proposal_path(settings, head.snapshot_id), proposal)


def accept_head(settings: Settings, snapshot_id: str) -> bool:
    """Make the move that was proposed with ``snapshot_id``; the caller holds the writer's lock.

    Returns
    -------
    bool
        Whether the head moved. False where nothing was proposed, or the load is part of the history already.

    Raises
    ------
    HeadMoved
        Another load was accepted since this one was landed.
    """
    path = _proposal_path(settings, snapshot_id)
    if not path.exists():
        return False
    proposal = read_json(path)
    source, expected = proposal["source"], proposal["expected"]
    head = read_head(settings, source)
    found = head.snapshot_id if head else None
    is_accepted = head is not None and any(load["snapshot_id"] == snapshot_id for load in head.loads)
    if not is_accepted:
        if found != expected:
            raise HeadMoved(
                f"Got snapshot {snapshot_id} of {source}, landed on top of {_called(expected)}, but expected it to "
                f"build on {_called(found)}, which was accepted meanwhile. Run `nightmarket land` for this night "
                "again, and check the snapshot it prints."
            )
        write_json(_head_path(settings, source), proposal["head"])
    path.unlink()
    return not is_accepted


def _called(snapshot_id: str | None) -> str:
    return f"snapshot {snapshot_id}" if snapshot_id else "nothing"


def _head_path(settings: Settings, source: str) -> Path:
    return settings.landing_dir / "heads" / f"{source}.json"


def _proposal_path(settings: Settings, snapshot_id: str) -> Path:
    return settings.landing_dir / "heads" / "proposed" / f"{snapshot_id}.json"
