"""Snapshots: what was landed, as immutable Parquet files named by their content.

``var/landing/snapshots/<snapshot_id>.json`` is the manifest of one snapshot. It lists, for each
table of the shop contract, the Parquet files (under ``var/landing/files/``) with their SHA-256,
and the conservation of rows. ``snapshot_id`` hashes the manifest, so the same input is the same
snapshot and a step that names one reads the same rows for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pyarrow.parquet as pq

from nightmarket.contracts import Table
from nightmarket.errors import SnapshotMissing
from nightmarket.io.atomic import read_json, sha256_of_file, sha256_of_json, write_json
from nightmarket.settings import Settings
from nightmarket.sqltext import literal


@dataclass(frozen=True)
class LandedFile:
    """One Parquet file. ``path`` is relative to ``var/landing``."""

    path: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class LandedTable:
    """One contract table of a snapshot. ``rows_in == rows_accepted + rows_quarantined``, always."""

    provided: bool
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    files: tuple[LandedFile, ...]
    quarantine_files: tuple[LandedFile, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)


NOT_PROVIDED = LandedTable(provided=False, rows_in=0, rows_accepted=0, rows_quarantined=0, files=())


@dataclass(frozen=True)
class Snapshot:
    """What a night reads: pinned by ``land``, named by every later step."""

    source: str
    timezone: str
    currency: str
    complete_through: date
    stands_still: bool
    tables: dict[str, LandedTable]
    inputs: tuple[dict[str, Any], ...]
    """What was read: name, bytes and SHA-256 of each input file."""

    def table(self, name: str) -> LandedTable:
        """Return what was landed of a contract table; one that the contract did not have then was not provided."""
        return self.tables.get(name, NOT_PROVIDED)

    @property
    def snapshot_id(self) -> str:
        return sha256_of_json(asdict(self))[:16]


def write_snapshot(settings: Settings, snapshot: Snapshot) -> None:
    """Record the manifest under its id. Writing it again changes nothing."""
    write_json(_manifest_path(settings, snapshot.snapshot_id), asdict(snapshot))


def read_snapshot(settings: Settings, snapshot_id: str, *, verify: bool = False) -> Snapshot:
    """Read a manifest back; with ``verify`` also hash its files (DuckDB ignores Parquet checksums).

    Raises
    ------
    SnapshotMissing
        There is no such snapshot, or a file of it is gone or changed.
    """
    path = _manifest_path(settings, snapshot_id)
    if not path.exists():
        raise SnapshotMissing(
            f"Got snapshot {snapshot_id!r} but expected one that was landed in {settings.landing_dir}. "
            "Run `nightmarket land` and use the snapshot_id it prints."
        )
    raw = read_json(path)
    snapshot = Snapshot(
        source=raw["source"],
        timezone=raw["timezone"],
        currency=raw["currency"],
        complete_through=date.fromisoformat(raw["complete_through"]),
        stands_still=raw["stands_still"],
        tables={name: _table(table) for name, table in raw["tables"].items()},
        inputs=tuple(raw["inputs"]),
    )
    if snapshot.snapshot_id != snapshot_id:
        raise SnapshotMissing(
            f"Got a manifest for snapshot {snapshot_id} whose content hashes to {snapshot.snapshot_id}, expected the "
            f"same. {path} was edited; run `nightmarket land` again."
        )
    if verify:
        for table in snapshot.tables.values():
            for file in (*table.files, *table.quarantine_files):
                _verify(settings, file)
    return snapshot


def landed_relation(settings: Settings, table: Table, files: Sequence[LandedFile]) -> str:
    """Return SQL that reads landed files of ``table``, with the columns of today's contract; no files, no row.

    A file that was landed before a column was added to the contract shows nulls there.
    """
    nulls = {column.name: f"cast(null as {column.type}) as {column.name}" for column in table.columns}
    if not files:
        return f"(select {', '.join(nulls.values())} where false)"
    paths = [settings.landing_dir / file.path for file in files]
    schemas = [frozenset(pq.read_schema(path).names) for path in paths]
    options = "" if len(set(schemas)) == 1 else ", union_by_name = true"
    relation = f"read_parquet([{', '.join(literal(str(path)) for path in paths)}]{options})"
    added = [sql for name, sql in nulls.items() if not any(name in schema for schema in schemas)]
    return f"(select *, {', '.join(added)} from {relation})" if added else relation


def _verify(settings: Settings, file: LandedFile) -> None:
    path = settings.landing_dir / file.path
    if not path.exists() or sha256_of_file(path) != file.sha256:
        raise SnapshotMissing(
            f"Got {path} missing or changed since it was landed, expected SHA-256 {file.sha256}. "
            "Put it back from a backup; `nightmarket land` makes anew only what a source gives whole each time."
        )


def _table(raw: dict[str, Any]) -> LandedTable:
    return LandedTable(
        **{
            **raw,
            "files": tuple(LandedFile(**f) for f in raw["files"]),
            "quarantine_files": tuple(LandedFile(**f) for f in raw["quarantine_files"]),
        }
    )


def _manifest_path(settings: Settings, snapshot_id: str) -> Any:
    return settings.landing_dir / "snapshots" / f"{snapshot_id}.json"
