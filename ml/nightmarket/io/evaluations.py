"""Where evaluations read and write: landed nights, a warehouse of their own, results files.

Past origins are built in ``var/evaluations/.origins``, a warehouse beside the night's: an evaluation moves no row
that a night reads, and needs no other night to stand still. It is kept, and built again where the dbt
models, the snapshot or the night are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from nightmarket.errors import StepMissing
from nightmarket.io.atomic import read_json, write_json
from nightmarket.io.embeddings import create_tables
from nightmarket.io.landing import Snapshot
from nightmarket.io.night import Night
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.warehouse import open_warehouse, pin_snapshot
from nightmarket.modeling.frames import Floats
from nightmarket.settings import Settings
from nightmarket.text.profiles import shuffle_text


@dataclass(frozen=True)
class Landed:
    """What an evaluation stands on: a night that was landed and embedded, and the newest cut-off, not after it."""

    night: Night
    cut_off: date

    @property
    def snapshot_id(self) -> str:
        return self.night.snapshot_id


@dataclass(frozen=True)
class Built:
    """What the warehouse of evaluations holds, and what it was built from."""

    night: str
    snapshot_id: str
    encoder_key: str
    late_lookback_days: int
    models_revision: str
    dates: tuple[str, ...]

    def is_like(self, other: Built) -> bool:
        """Return whether the rows of both are the same where they have the same dates."""
        return replace(self, dates=()) == replace(other, dates=())


def find_landed(settings: Settings, *, as_of: date | None, snapshot_id: str | None) -> Landed:
    """Return the night to stand on: that of ``as_of``, else the first one landed after it; without a date the newest.

    Of several snapshots of a night, the one landed last.

    Raises
    ------
    StepMissing
        No such night was landed and embedded.
    """
    nights = sorted(
        (date.fromisoformat(path.parent.parent.name), path.stat().st_mtime_ns, path.parent.name)
        for path in settings.nights_dir.glob("*/*/land.json")
        if path.with_name("embed.json").exists() and snapshot_id in (None, path.parent.name)
    )
    days = [day for day, _, _ in nights if as_of is None or day >= as_of]
    if not days:
        asked = [f"as_of_date {as_of}"] if as_of else []
        asked += [f"snapshot {snapshot_id}"] if snapshot_id else []
        last = f"the newest landed night is {nights[-1][0]}" if nights else "no night was landed"
        raise StepMissing(
            f"Got {' on '.join(asked) or 'no date'} but expected a night that was landed and embedded; {last}. "
            f"Run `make nightly{f' AS_OF={as_of}' if as_of else ''}` first, or `nightmarket land` and "
            "`nightmarket embed`."
        )
    day = max(days) if as_of is None else min(days)
    snapshot = [found for night, _, found in nights if night == day][-1]
    return Landed(Night(settings, day, snapshot), as_of or day)


def origins_settings(settings: Settings) -> Settings:
    """Return the same settings with the warehouse of evaluations."""
    return settings.model_copy(update={"var_dir": settings.var_dir / "evaluations" / ".origins"})


def read_built(origins: Settings) -> Built | None:
    """Return what the warehouse of evaluations holds; None where it is not whole."""
    path = _built_path(origins)
    if not path.exists() or not origins.warehouse_path.exists():
        return None
    raw = read_json(path)
    if set(raw) != {one.name for one in fields(Built)}:  # another Nightmarket's
        return None
    return Built(**{**raw, "dates": tuple(raw["dates"])})


def start_building(settings: Settings, origins: Settings, snapshot: Snapshot, encoder_key: str) -> None:
    """Begin the warehouse of evaluations anew: the snapshot's rows as views, its text vectors as a copy.

    Raises
    ------
    StepMissing
        ``embed`` of the night never ran on this warehouse.
    """
    _built_path(origins).unlink(missing_ok=True)
    for path in (origins.warehouse_path, origins.warehouse_path.with_name("warehouse.duckdb.wal")):
        path.unlink(missing_ok=True)
    vectors, versions = _read_embeddings(settings, snapshot.snapshot_id, encoder_key)  # noqa: RUF059 - DuckDB reads them by name
    with duckdb.connect(str(origins.warehouse_path), config={"autoinstall_known_extensions": False}) as connection:
        pin_snapshot(connection, settings, snapshot)
        create_tables(connection)
        connection.execute("insert into embeddings.text_vectors select * from vectors")
        connection.execute("insert into embeddings.product_text_versions select * from versions")


def finish_building(origins: Settings, built: Built) -> None:
    """Record what was built, so that the next evaluation may use it."""
    write_json(_built_path(origins), asdict(built))


def results_path(settings: Settings, family: str, cut_off: date) -> Path:
    return settings.var_dir / "evaluations" / family / f"{cut_off}.json"


def committed_path(settings: Settings, family: str) -> Path:
    """Where the compact form of the results is that ``docs/results.md`` is made from."""
    return settings.project_dir / "docs" / "results" / f"{family}.json"


class ShuffledTextReader(FrameReader):
    """Reads the same rows with the text vectors dealt out to other texts: the control arm of every claim for text."""

    def __init__(self, *arguments: Any, seed: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seed = seed

    def text_vectors(self) -> tuple[pa.Array, Floats]:
        hashes, vectors = super().text_vectors()
        return hashes, shuffle_text(vectors, self._seed)


def text_space(night: Night) -> TextSpace:
    """Return which vectors the night reads.

    Raises
    ------
    StepMissing
        ``embed`` has not ended well for it.
    """
    embedded = night.read("embed")
    return TextSpace(embedded["encoder_key"], embedded["dim"])


def wanted(
    settings: Settings, landed: Landed, *, encoder_key: str, models_revision: str, dates: Sequence[date]
) -> Built:
    """Return what the warehouse of evaluations has to hold for ``dates``."""
    return Built(
        night=landed.night.as_of_date.isoformat(),
        snapshot_id=landed.snapshot_id,
        encoder_key=encoder_key,
        late_lookback_days=settings.late_lookback_days,
        models_revision=models_revision,
        dates=tuple(day.isoformat() for day in dates),
    )


def _read_embeddings(settings: Settings, snapshot_id: str, encoder_key: str) -> tuple[pa.Table, pa.Table]:
    with open_warehouse(settings) as connection:
        vectors = connection.execute(
            "select encoder_key, text_hash, vector from embeddings.text_vectors where encoder_key = ?", [encoder_key]
        ).to_arrow_table()
        versions = connection.execute(
            "select snapshot_id, product_id, arrived_date, text_hash from embeddings.product_text_versions "
            "where snapshot_id = ?",
            [snapshot_id],
        ).to_arrow_table()
    return vectors, versions


def _built_path(origins: Settings) -> Path:
    return origins.var_dir / "built.json"
