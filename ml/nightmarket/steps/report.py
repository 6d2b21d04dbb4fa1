"""Write the morning report of a night, published or withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.errors import SnapshotMissing
from nightmarket.families import FAMILIES
from nightmarket.io.atomic import read_json, write_text
from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.night import BORDERS, Night
from nightmarket.io.served_decisions import read_campaign_names
from nightmarket.io.served_figures import read_names
from nightmarket.io.serving import Run, nights_of_tables, open_serving, published_nights, read_runs
from nightmarket.quality.outcomes import FAILED, border_from_json
from nightmarket.report.content import BorderCheck, LandedRows, NightReport, StepTime
from nightmarket.report.decisions import Decisions
from nightmarket.report.households import Household
from nightmarket.report.render import render_report
from nightmarket.report.sections import FamilySection, PublishedTable
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.reporting.decisions import Shop, describe_decisions
from nightmarket.steps.reporting.families import Served, describe_scores
from nightmarket.steps.reporting.households import describe_households
from nightmarket.steps.reporting.models import describe_model

DECIDED = "decide__campaign_targets"


def run(settings: Settings, *, as_of: date, snapshot_id: str) -> StepResult:
    """Write ``var/reports/<as_of_date>/index.html`` and point ``var/reports/latest`` at the newest report.

    A night that was withheld gets its report too: that is the morning on which it is read. What is
    missing is said in the report, so this step fails only where nothing was recorded at all.

    Raises
    ------
    StepMissing
        The night was never landed.
    """
    night = Night(settings, as_of, snapshot_id)
    content = _collect(settings, night, land=night.read("land"))
    path = settings.reports_dir / as_of.isoformat() / "index.html"
    write_text(path, render_report(content))
    latest = _point_latest(settings)
    return StepResult(
        rows=content.n_rows,
        detail={
            "as_of_date": as_of.isoformat(),
            "verdict": content.verdict,
            "report": str(path),
            "latest": latest,
            "bytes": path.stat().st_size,
        },
    )


def _collect(settings: Settings, night: Night, *, land: Mapping[str, Any]) -> NightReport:
    records = {record["step"]: record for record in night.records()}
    runs = {run.table_name: run for run in read_runs(settings) if run.as_of_date == night.as_of_date}
    # What this snapshot's check saw last, is it what consumers read? A failed or another attempt may differ.
    checked = {
        name: sha256
        for border in ("scores", "decisions")
        for name, sha256 in records.get(f"check__{border}", {}).get("sha256", {}).items()
    }
    is_published = bool(runs) and checked == {name: run.published_sha256 for name, run in runs.items()}
    nights = published_nights(settings)
    sections = {
        name: describe_model(settings, family, records.get(f"score__{name}", {})) for name, family in FAMILIES.items()
    }
    households: tuple[Household, ...] = ()
    decisions: Decisions | None = None
    if is_published:
        currency = str(land.get("currency", ""))
        sections, households, decisions = _read_served(settings, night, sections, runs, currency)
    revisions = {record.get("code_revision") for step, record in records.items() if step.startswith("score__")}
    return NightReport(
        as_of_date=night.as_of_date,
        source=str(land.get("source", settings.source)),
        snapshot_id=night.snapshot_id,
        complete_through=land.get("complete_through"),
        verdict=(night.verdict() or "passed") if is_published else "withheld",
        served_instead=nights[-1] if nights and not is_published else None,
        n_nights=sum(1 for one in nights if one <= night.as_of_date),
        families=tuple(sections.values()),
        households=households,
        decisions=decisions,
        code_revision=revisions.pop() if len(revisions) == 1 else None,
        checks=tuple(_border_check(settings, night, border, records.get(f"check__{border}", {})) for border in BORDERS),
        landed=tuple(_landed_rows(name, table) for name, table in dict(land.get("tables", {})).items()),
        attempt=max(run.attempt for run in runs.values()) if is_published else None,
        steps=tuple(
            StepTime(step, int(record.get("rows", 0)), record.get("seconds"))
            for step, record in records.items()
            if step != "report"
        ),
    )


def _label_cutoffs(night: Night) -> dict[str, str]:
    """Return before when the forecasters' models know labels, by the table: one model scores several."""
    return {
        table: record["label_cutoff"]
        for record in night.records()
        if record["step"].startswith("score__") and record.get("label_cutoff")
        for table in record.get("tables", {})
    }


def _read_served(
    settings: Settings, night: Night, sections: Mapping[str, FamilySection], runs: Mapping[str, Run], currency: str
) -> tuple[dict[str, FamilySection], tuple[Household, ...], Decisions | None]:
    """Fill in what comes from the served rows."""
    published = [name for name, family in FAMILIES.items() if family.score_table in runs]
    snapshot = _snapshot(settings, night)
    products, orders, campaigns = (
        _files(settings, snapshot, table) for table in ("products", "order_lines", "campaigns")
    )
    second_keys = {FAMILIES[name].key_names[1] for name in published if len(FAMILIES[name].keys) > 1}
    served_nights = nights_of_tables(settings)
    connection = open_serving(settings)
    try:
        served = Served(
            connection,
            night.as_of_date,
            currency,
            {
                name: [one for one in served_nights[FAMILIES[name].score_table] if one <= night.as_of_date]
                for name in published
            },
            {key: names_of_key(key, products, campaigns) for key in sorted(second_keys)},
        )
        filled = dict(sections)
        for name in published:
            run = runs[FAMILIES[name].score_table]
            table = PublishedTable(
                run.table_name, run.n_rows, run.model_version, run.recipe, run.run_id, run.published_sha256
            )
            filled[name] = replace(filled[name], **describe_scores(served, FAMILIES[name], filled[name], table))
            if FAMILIES[name].top_k or (settings.top_k_categories and "category_id" in FAMILIES[name].key_names):
                filled[name] = replace(filled[name], top_k=FAMILIES[name].top_k or settings.top_k_categories)
        shop = Shop(currency, orders, products, campaigns, served.names.get("product_id", {}))
        decided = night.read(DECIDED) if night.has(DECIDED) else {}
        publication = night.read("publish") if night.has("publish") else {}
        decisions = describe_decisions(
            connection,
            night.as_of_date,
            runs,
            shop,
            label_cutoffs=_label_cutoffs(night),
            left_out=decided.get("left_out", {}),
            not_measured=publication.get("campaigns_not_measured", {}),
        )
        return filled, describe_households(served, published, orders), decisions
    finally:
        connection.close()


def names_of_key(key: str, products: Sequence[Path], campaigns: Sequence[Path]) -> Mapping[str, str]:
    """Return the names of what a family's second key means."""
    if key == "campaign_id":
        return read_campaign_names([str(path) for path in campaigns])
    return read_names(products, key)


def _snapshot(settings: Settings, night: Night) -> Snapshot | None:
    try:
        return read_snapshot(settings, night.snapshot_id)
    except SnapshotMissing:
        # A report with ids in the place of names is better than none: what it reports on was published without them.
        return None


def _files(settings: Settings, snapshot: Snapshot | None, table: str) -> Sequence[Path]:
    return [settings.landing_dir / file.path for file in snapshot.table(table).files] if snapshot else []


def _border_check(settings: Settings, night: Night, border: str, record: Mapping[str, Any]) -> BorderCheck:
    """Return what a border said; one that failed left no record of the night, but its pages."""
    failures: tuple[str, ...] = ()
    pages = settings.var_dir / "data_docs" / night.as_of_date.isoformat() / f"{border}.json"
    if not record and pages.exists():
        checked, suites = border_from_json(read_json(pages))
        failures = tuple(
            f"{suite.name}: expected {one.expects}; observed {one.observed}. {one.why}"
            for suite in suites
            if checked == night.snapshot_id
            for one in suite.with_status(FAILED)
        )
    return BorderCheck(
        border,
        FAILED if failures else record.get("verdict"),
        record.get("n_expectations"),
        tuple(map(str, record.get("warnings", ()))),
        failures,
        tuple(map(str, record.get("not_provided", ()))),
    )


def _landed_rows(name: str, table: Mapping[str, Any]) -> LandedRows:
    reasons = sorted(dict(table.get("reasons") or {}).items(), key=lambda item: (-item[1], item[0]))
    return LandedRows(
        name,
        bool(table.get("provided")),
        int(table.get("rows_in", 0)),
        int(table.get("rows_accepted", 0)),
        int(table.get("rows_quarantined", 0)),
        tuple(reasons),
    )


def _point_latest(settings: Settings) -> str:
    """Point ``var/reports/latest`` at the report of the greatest night; return that night."""
    newest = max(path.parent.name for path in settings.reports_dir.glob("????-??-??/index.html"))
    beside = settings.reports_dir / ".latest.next"
    beside.unlink(missing_ok=True)
    beside.symlink_to(newest)
    beside.replace(settings.reports_dir / "latest")
    return newest
