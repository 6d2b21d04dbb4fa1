"""Make the checked tables of the night visible in one atomic step."""

from __future__ import annotations

from datetime import date
from typing import Any

from nightmarket.decisions import DECISIONS
from nightmarket.errors import PublishRefused, StepMissing
from nightmarket.families import PREDICTIONS
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import BORDERS, Night
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving import LEDGER, StagedLedger, StagedTable, measure_promises, publish_night
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.measure import measure_closed_campaigns

PUBLISHABLE = ("passed", "warned")


def run(settings: Settings, *, as_of: date, snapshot_id: str) -> StepResult:
    """Publish every score table and decision of the night, if its check saw exactly what is staged.

    Raises
    ------
    PublishRefused
        A border was not checked, a check did not pass, or a staged file changed since.
    StepMissing
        Something was not scored or decided: a night is published whole or not at all.
    """
    night = Night(settings, as_of, snapshot_id)
    checks = {border: _passed_check(night, border) for border in BORDERS}
    verdict = night.verdict() or checks["decisions"]["verdict"]
    staged = {
        table: _staged(night, name, table, night.read(f"score__{name}"), checks["scores"])
        for name, prediction in PREDICTIONS.items()
        for table in (one.name for one in prediction.tables)
    }
    for name, decision in DECISIONS.items():
        staged[decision.table.name] = _staged(
            night, name, decision.table.name, night.read(f"decide__{name}"), checks["decisions"]
        )
    ledger = _measure_earlier_nights(settings, night)
    closed = measure_closed_campaigns(settings, night)
    publication = publish_night(
        settings,
        as_of=as_of,
        snapshot_id=snapshot_id,
        staged=staged,
        verdict=verdict,
        checks=_checks(night),
        steps={
            record["step"]: {"rows": record["rows"], "seconds": record["seconds"]}
            for record in night.records()
            if record["step"] not in ("publish", "report")
        },
        ledger=ledger,
        results=closed.results,
    )
    return StepResult(
        rows=sum(run.n_rows for run in publication.runs),
        detail={
            "as_of_date": as_of.isoformat(),
            "snapshot_id": snapshot_id,
            "verdict": verdict,
            "generation": publication.generation,
            "attempt": publication.runs[0].attempt,
            "ledger_rows": ledger.n_rows if ledger else 0,
            "campaigns_not_measured": {name: one.describe() for name, one in closed.not_measured.items()},
            "tables": {
                run.table_name: {
                    "rows": run.n_rows,
                    "sha256": run.published_sha256,
                    "model_version": run.model_version,
                    "run_id": run.run_id,
                }
                for run in publication.runs
            },
            "serving": str(settings.serving_dir / "serving.duckdb"),
        },
    )


def _staged(night: Night, name: str, table: str, record: dict[str, Any], check: dict[str, Any]) -> StagedTable:
    checked: dict[str, str] = check["sha256"]
    if table not in checked:
        raise PublishRefused(
            f"Got no check of {table} for {night.as_of_date}, expected one of every staged table; the check saw "
            f"{sorted(checked)}. Run `nightmarket check {_border_of(table)}` again."
        )
    _refuse_if_changed(night, table, checked[table])
    return StagedTable(
        path=night.staged_path(table),
        sha256=checked[table],
        family=name,
        run_id=record["run_id"],
        model_version=record.get("model_version") or record["policy_version"],
        recipe=record.get("recipe", "policy"),
        code_revision=record.get("code_revision"),
        hashes={key: value for key, value in record.items() if key.endswith("_sha256")},
    )


def _border_of(table: str) -> str:
    """Return the border that a staged table crosses: its schema's name."""
    return table.partition(".")[0]


def _measure_earlier_nights(settings: Settings, night: Night) -> StagedLedger | None:
    """Stage what happened to the promises of the nights that ``transform`` labelled for it; None where there are none.

    Raises
    ------
    StepMissing
        The night was never landed, or the warehouse is gone.
    """
    named = night.read("transform").get("outcome_dates", []) if night.has("transform") else []
    if not named:
        return None
    with open_warehouse(settings) as connection:
        table = measure_promises(
            connection,
            settings,
            read_served_catalog(settings),
            as_of=night.as_of_date,
            snapshot_id=night.snapshot_id,
            complete_through=date.fromisoformat(night.read("land")["complete_through"]),
            nights=[date.fromisoformat(day) for day in named],
        )
    if table.num_rows == 0:
        return None
    path = night.staged_path(LEDGER.name)
    write_scored_rows(path, table)
    return StagedLedger(path, sha256_of_file(path), table.num_rows)


def _passed_check(night: Night, border: str) -> dict[str, Any]:
    try:
        check = night.read(f"check__{border}")
    except StepMissing as missing:
        raise PublishRefused(
            f"Got no passed `check {border}` for {night.as_of_date} on snapshot {night.snapshot_id}, expected one. "
            f"Run `nightmarket check {border} --as-of {night.as_of_date} --snapshot {night.snapshot_id}`."
        ) from missing
    if check.get("verdict") not in PUBLISHABLE:
        raise PublishRefused(
            f"Got the verdict {check.get('verdict')!r} of `check {border}` for {night.as_of_date}, expected passed or "
            "warned. See the expectations in var/data_docs, and mend what they found."
        )
    return check


def _refuse_if_changed(night: Night, table: str, checked: str) -> None:
    path = night.staged_path(table)
    if not path.exists():
        raise PublishRefused(
            f"Got no staged {table} at {path}, expected the file that was checked. "
            f"Make {table} of {night.as_of_date} and check it again."
        )
    if sha256_of_file(path) != checked:
        raise PublishRefused(
            f"Got {path} changed since its check, expected SHA-256 {checked[:12]}…. "
            f"Run `nightmarket check {_border_of(table)} --as-of {night.as_of_date} --snapshot {night.snapshot_id}` "
            "again."
        )


def _checks(night: Night) -> dict[str, dict[str, Any]]:
    """Return what each border said, without times, for ``ops.runs.checks`` and ``ops.checks``."""
    checks = {}
    for border in BORDERS:
        if night.has(f"check__{border}"):
            record = night.read(f"check__{border}")
            checks[border] = {
                "verdict": record.get("verdict"),
                "n_expectations": record.get("n_expectations"),
                "warnings": record.get("warnings", []),
                "not_provided": record.get("not_provided", []),
            }
    return checks
