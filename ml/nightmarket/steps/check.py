"""Hold the expectations of one border; a failed ``stop`` ends the night."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from nightmarket.errors import CheckFailed
from nightmarket.families import FAMILIES
from nightmarket.io.atomic import read_json, write_json, write_text
from nightmarket.io.heads import accept_head
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.night import BORDERS, Night
from nightmarket.io.night_facts import first_order_date, previous_rows
from nightmarket.io.warehouse import open_warehouse, pin_snapshot, writer_lock
from nightmarket.quality.batches import features_batch, landed_batch
from nightmarket.quality.data_docs import render_index, render_night, render_suite
from nightmarket.quality.outcomes import (
    FAILED,
    NOT_PROVIDED,
    WARNED,
    SuiteOutcome,
    border_as_json,
    border_from_json,
    failure_text,
    verdict_of,
)
from nightmarket.quality.suites import Suite, load_suites
from nightmarket.quality.validation import validate
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.checking.staged import Checked, check_decisions, check_scores

EXPECTATIONS = "expectations"


def run(settings: Settings, *, border: str, as_of: date, snapshot_id: str) -> StepResult:
    """Check ``border`` and write its Data Docs; the warehouse and the staged files stay as they are.

    A load that passes the first border is accepted: later loads of its source build on it.

    Raises
    ------
    CheckFailed
        A ``stop`` does not hold; the message names table, expectation, observed, expected and why.
    SuiteInvalid
        A file of ``expectations/`` is missing or does not say all that it must.
    HeadMoved
        Another load of the source was accepted since this one was landed.
    StepMissing, SnapshotMissing, WarehouseLocked
        The border's tables are not there, or another process writes them.
    """
    night = Night(settings, as_of, snapshot_id)
    snapshot = read_snapshot(settings, snapshot_id)
    suites = load_suites(settings.project_dir / EXPECTATIONS, border)
    outcomes, extra = _CHECKS[border](settings, night, snapshot, suites)
    folder = _write_data_docs(settings, night, border, outcomes)
    if verdict_of(outcomes) == FAILED:
        raise CheckFailed(failure_text(border, outcomes, str(folder)))
    if border == "landed":
        with writer_lock(settings):
            accept_head(settings, snapshot_id)
    return StepResult(
        rows=sum(len(suite.outcomes) for suite in outcomes),
        detail={
            "verdict": verdict_of(outcomes),
            "n_expectations": sum(len(suite.outcomes) for suite in outcomes),
            "n_failed_warn": sum(len(suite.with_status(WARNED)) for suite in outcomes),
            "warnings": [
                f"{suite.name}: expected {one.expects}; observed {one.observed}"
                for suite in outcomes
                for one in suite.with_status(WARNED)
            ],
            "not_provided": [suite.table for suite in outcomes if suite.status == NOT_PROVIDED],
            "suites": {suite.name: suite.as_record() for suite in outcomes},
            "data_docs": str(folder / "index.html"),
            **extra,
        },
    )


def _check_landed(settings: Settings, night: Night, snapshot: Snapshot, suites: tuple[Suite, ...]) -> Checked:
    previous = previous_rows(settings, night.as_of_date)
    with open_warehouse(settings, write=True) as connection:
        pin_snapshot(connection, settings, snapshot)
        batches = []
        for suite in suites:
            landed = snapshot.table(suite.table)
            facts = {
                "as_of_date": night.as_of_date,
                "complete_through": snapshot.complete_through,
                "timezone": snapshot.timezone,
                "rows_accepted": sum(file.rows for file in landed.files),
                "rows_quarantined": landed.rows_quarantined,
                "quarantine_limit_pct": settings.quarantine_limit_pct,
                "previous_rows": previous.get(suite.table),
            }
            batches.append(landed_batch(suite, facts, provided=landed.provided))
        return validate(connection, batches), {}


def _check_features(settings: Settings, night: Night, snapshot: Snapshot, suites: tuple[Suite, ...]) -> Checked:
    record = night.read("transform")
    training_dates = record.get("training_dates") or []
    with open_warehouse(settings) as connection:
        first = first_order_date(connection, settings, snapshot)
        facts = {
            "as_of_date": night.as_of_date,
            "snapshot_id": night.snapshot_id,
            "first_order_date": first,
            "days_of_history": (night.as_of_date - first).days,
        }
        batches = []
        for suite in suites:
            family = FAMILIES[suite.table]
            built = family.built_dates(record)
            of_family = {
                "n_dates": len(set(built)),
                "training_dates": _dates(day for day in training_dates if day in built) or None,
            }
            batches.append(
                features_batch(
                    connection,
                    suite,
                    family,
                    facts | of_family,
                    snapshot_id=night.snapshot_id,
                    as_of_dates=_dates(built),
                )
            )
        return validate(connection, batches), {"as_of_dates": record["as_of_dates"]}


def _dates(days: Iterable[str]) -> list[date]:
    return [date.fromisoformat(day) for day in days]


_CHECKS: dict[str, Callable[[Settings, Night, Snapshot, tuple[Suite, ...]], Checked]] = {
    "landed": _check_landed,
    "features": _check_features,
    "scores": check_scores,
    "decisions": check_decisions,
}


def _write_data_docs(settings: Settings, night: Night, border: str, outcomes: tuple[SuiteOutcome, ...]) -> Path:
    """Write the pages of ``border``, then the night's index and that of all nights; return the night's folder.

    The folder is that of a date: it holds one attempt on one snapshot, the newest that was checked.
    """
    root, as_of = settings.var_dir / "data_docs", night.as_of_date.isoformat()
    folder = root / as_of
    _forget_others(folder, border, night.snapshot_id)
    for suite in outcomes:
        write_text(folder / suite.page, render_suite(suite, as_of=as_of, snapshot_id=night.snapshot_id))
    write_json(folder / f"{border}.json", border_as_json(night.snapshot_id, outcomes))
    nights = {}
    for one in sorted(path for path in root.iterdir() if path.is_dir()):
        found = tuple(suite for path in sorted(one.glob("*.json")) for suite in border_from_json(read_json(path))[1])
        nights[one.name] = verdict_of(found)
        if one == folder:
            write_text(folder / "index.html", render_night(found, as_of=as_of))
    write_text(root / "index.html", render_index(nights))
    return folder


def _forget_others(folder: Path, border: str, snapshot_id: str) -> None:
    """Remove the pages of later borders, which an earlier attempt wrote, and of other snapshots."""
    for number, other in enumerate(BORDERS):
        written = folder / f"{other}.json"
        if other == border or not written.exists():
            continue
        is_later = number > BORDERS.index(border)
        if is_later or border_from_json(read_json(written))[0] != snapshot_id:
            for path in (*folder.glob(f"{other}__*.html"), written):
                path.unlink()
