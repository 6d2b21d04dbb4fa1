"""Land: the source's tables, typed and judged, as a pinned snapshot of Parquet files.

What a source that accumulates has landed counts, and later loads build on it, once `check landed` has accepted it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import InvalidSetting, ServingMoved, SnapshotMissing, SourceUnreadable, WarehouseLocked
from nightmarket.io.heads import (
    Head,
    describe_inputs,
    input_fingerprint,
    propose_head,
    read_head,
    recognise,
    remember,
)
from nightmarket.io.landing import Snapshot, read_snapshot, write_snapshot
from nightmarket.io.serving import published_nights, read_runs
from nightmarket.io.warehouse import open_warehouse, pin_snapshot
from nightmarket.settings import Settings
from nightmarket.sources import find_source
from nightmarket.sources.base import InputFile, Source
from nightmarket.sources.nights import check_night, scheduled_night
from nightmarket.steps import StepResult
from nightmarket.steps.landing.arrivals import known_relation
from nightmarket.steps.landing.loading import Calendar, Load, run_load
from nightmarket.steps.landing.rejecting import check_limit
from nightmarket.steps.landing.settling import Shop, span_of_orders
from nightmarket.steps.landing.staging import open_bench

ChooseNight = Callable[[Calendar], date]


def run(settings: Settings, as_of: date | None = None, scheduled_for: datetime | None = None) -> StepResult:
    """Land the configured source for one night.

    Parameters
    ----------
    as_of : date, optional
        The night. Default: the day after the source's ``complete_through``.
    scheduled_for : datetime, optional
        The aware instant of a scheduled run, instead of ``as_of``.

    Raises
    ------
    UnknownSource, SourceUnreadable, ContractBroken, DateOutsideData, SourceStale, InvalidSetting
        The warehouse and what was landed are as they were.
    """
    if as_of is not None and scheduled_for is not None:
        raise InvalidSetting(
            "Got both --as-of and --scheduled-for but expected one. Leave out --scheduled-for to run a certain night."
        )
    source = find_source(settings.source)
    _check_same_source(settings, source)
    timezone = _timezone(settings, source)

    def choose_night(calendar: Calendar) -> date:
        night = as_of or calendar.complete_through + timedelta(days=1)
        if scheduled_for is not None:
            night = scheduled_night(
                scheduled_for,
                timezone=timezone,
                complete_through=calendar.complete_through,
                stands_still=source.stands_still,
                published=_published_nights(settings) if source.stands_still else [],
            )
        check_night(night, first_order=calendar.first_order, complete_through=calendar.complete_through)
        return night

    load, files_new = (_land_accumulating if source.accumulates else _land_whole)(
        settings, source, timezone, choose_night
    )
    return _result(load, files_new, source.ignored_files(settings))


def _land_whole(settings: Settings, source: Source, timezone: str, choose_night: ChooseNight) -> tuple[Load, int]:
    """Land a source that is read as a whole each time, or recognise that it was landed before."""
    inputs = source.inputs(settings)
    stamps = _stamps(inputs)
    described = describe_inputs((file.name, file.path) for file in inputs)
    fingerprint = input_fingerprint(source.name, timezone, settings.currency or source.currency, described)
    snapshot = recognise(settings, fingerprint)
    if snapshot is not None:
        load = Load(snapshot, choose_night(_calendar_of(settings, snapshot)), 0, {})
        for name, table in snapshot.tables.items():
            check_limit(settings, source, name, reasons=table.reasons, rows=table.rows_in)
    else:
        load = run_load(
            settings, source, inputs, described=described, timezone=timezone, known=None, choose_night=choose_night
        )
        _check_unchanged(inputs, stamps)
    _pin(settings, load.snapshot)
    if snapshot is None:
        remember(settings, fingerprint, load.snapshot)
    return load, len(inputs) if snapshot is None else 0


def _land_accumulating(
    settings: Settings, source: Source, timezone: str, choose_night: ChooseNight
) -> tuple[Load, int]:
    """Add the files that are in no accepted load to what is known."""
    head = read_head(settings, source.name)
    inputs = source.inputs(settings)
    folder = str(settings.source_path)
    known = read_snapshot(settings, head.snapshot_id, verify=True) if head else None
    if head is not None and known is not None:
        _check_same_shop(settings, head, known, folder, timezone)
    stamps = _stamps(inputs)
    described = describe_inputs((file.name, file.path) for file in inputs)
    fresh = [
        (file, facts)
        for file, facts in zip(inputs, described, strict=True)
        if head is None or not head.has_landed(facts)
    ]
    load = run_load(
        settings,
        source,
        tuple(file for file, _ in fresh),
        described=tuple(facts for _, facts in fresh),
        timezone=timezone,
        known=known,
        choose_night=choose_night,
    )
    _check_unchanged(inputs, stamps)
    if fresh:
        done = {
            "as_of_date": load.as_of_date.isoformat(),
            "snapshot_id": load.snapshot.snapshot_id,
            "predecessor": head.snapshot_id if head else None,
            "files": [facts for _, facts in fresh],
        }
        proposed = Head(folder, load.snapshot.snapshot_id, (*(head.loads if head else ()), done))
        _pin(settings, load.snapshot, source=source, expected=head, proposed=proposed)
    else:
        _pin(settings, load.snapshot)
    return load, len(fresh)


def _pin(
    settings: Settings,
    snapshot: Snapshot,
    *,
    source: Source | None = None,
    expected: Head | None = None,
    proposed: Head | None = None,
) -> None:
    """Record the snapshot, point the warehouse at it and, last of all, propose it as the source's head."""
    with open_warehouse(settings, write=True) as warehouse:
        if source is not None and read_head(settings, source.name) != expected:
            raise WarehouseLocked(
                f"Got new data of {source.name} accepted by another process meanwhile but expected to be the only one. "
                "Run `nightmarket land` again."
            )
        write_snapshot(settings, snapshot)
        pin_snapshot(warehouse, settings, snapshot)
        if source is not None and proposed is not None:
            propose_head(settings, source.name, proposed, expected=expected)


def _stamps(inputs: tuple[InputFile, ...]) -> tuple[tuple[int, int] | None, ...]:
    """Size and time of change of each file (None: it is gone): whether one is being written while it is read."""
    return tuple(_stamp(file) for file in inputs)


def _stamp(file: InputFile) -> tuple[int, int] | None:
    try:
        facts = file.path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def _check_unchanged(inputs: tuple[InputFile, ...], stamps: tuple[tuple[int, int] | None, ...]) -> None:
    changed = [file.name for file, was, now in zip(inputs, stamps, _stamps(inputs), strict=True) if was != now]
    if changed:
        raise SourceUnreadable(
            f"Got {', '.join(changed)} changed while it was read but expected a finished export. Run `nightmarket "
            "land` again when the export has ended (write elsewhere and rename, and no night reads half a file)."
        )


def _check_same_source(settings: Settings, source: Source) -> None:
    """Refuse another source than the one whose nights are served: ``scores.*`` would mix two shops."""
    try:
        runs = read_runs(settings)
        served = read_snapshot(settings, runs[-1].snapshot_id).source if runs else source.name
    except (ServingMoved, SnapshotMissing):
        return  # what is served cannot be told; that is for the steps that read it
    if served != source.name:
        raise InvalidSetting(
            f"Got NIGHTMARKET_SOURCE={source.name} but expected {served}, whose nights are published in "
            f"{settings.serving_dir}. Set NIGHTMARKET_VAR_DIR to a folder of its own for another shop."
        )


def _check_same_shop(settings: Settings, head: Head, known: Snapshot, folder: str, timezone: str) -> None:
    if head.source_path != folder:
        raise InvalidSetting(
            f"Got NIGHTMARKET_SOURCE_PATH={folder} but expected {head.source_path}, whose history is landed in "
            f"{settings.landing_dir}. Set NIGHTMARKET_VAR_DIR to a folder of its own for another shop; if the same "
            f"shop's folder was moved, correct `source_path` in {settings.landing_dir / 'heads' / 'files.json'}."
        )
    if known.timezone != timezone:
        raise InvalidSetting(
            f"Got NIGHTMARKET_TIMEZONE={timezone} but expected {known.timezone}, in whose days the shop's history was "
            "landed. Set it back, or land into another NIGHTMARKET_VAR_DIR."
        )


def _timezone(settings: Settings, source: Source) -> str:
    name = settings.timezone or source.timezone
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidSetting(
            f"Got NIGHTMARKET_TIMEZONE={name!r} but expected an IANA name such as Europe/Berlin. Set it in the "
            "environment or in .env."
        ) from None
    return name


def _calendar_of(settings: Settings, snapshot: Snapshot) -> Calendar:
    shop = Shop(snapshot.timezone, snapshot.currency)
    with open_bench(settings, ()) as connection:
        span = span_of_orders(connection, known_relation(settings, "order_lines", snapshot.tables["order_lines"]), shop)
    assert span is not None, "a snapshot without orders is never recorded"  # noqa: S101
    return Calendar(span[0], snapshot.complete_through, snapshot.timezone)


def _published_nights(settings: Settings) -> list[date]:
    return list(published_nights(settings))


def _result(load: Load, n_files: int, ignored_files: tuple[str, ...]) -> StepResult:
    snapshot = load.snapshot
    tables: dict[str, Any] = {
        table.name: {
            "provided": landed.provided,
            "rows_in": landed.rows_in,
            "rows_accepted": landed.rows_accepted,
            "rows_quarantined": landed.rows_quarantined,
            "reasons": landed.reasons,
        }
        for table in SHOP_CONTRACT
        for landed in (snapshot.table(table.name),)
    }
    return StepResult(
        rows=sum(landed.rows_accepted for landed in snapshot.tables.values()),
        detail={
            "as_of_date": load.as_of_date.isoformat(),
            "snapshot_id": snapshot.snapshot_id,
            "source": snapshot.source,
            "timezone": snapshot.timezone,
            "currency": snapshot.currency,
            "complete_through": snapshot.complete_through.isoformat(),
            "tables": tables,
            "quarantined": sum(landed.rows_quarantined for landed in snapshot.tables.values()),
            "files_read": n_files,
            "rows_repeated": load.rows_repeated,
            "ignored_columns": load.ignored_columns,
            "ignored_files": list(ignored_files),
        },
    )
