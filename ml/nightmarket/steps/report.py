"""Write the morning report of a night, published or withheld."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from nightmarket.errors import NightmarketError
from nightmarket.io.atomic import read_json, write_text
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import BORDERS, Night
from nightmarket.io.registry import get_version, model_folder
from nightmarket.io.served_figures import read_category_names, read_distribution, read_rows, read_sums, read_totals
from nightmarket.io.serving import open_serving, published_nights, read_runs
from nightmarket.quality.outcomes import FAILED, border_from_json
from nightmarket.report.content import (
    SCORE_BIN_EDGES,
    BorderCheck,
    Distribution,
    LandedRows,
    NightReport,
    PublishedTable,
    Query,
    StepTime,
    Totals,
)
from nightmarket.report.evaluation import Evaluation, read_evaluation
from nightmarket.report.movers import rank_movers, trace_sums
from nightmarket.report.render import render_report
from nightmarket.settings import Settings
from nightmarket.sqltext import literal
from nightmarket.steps import StepResult

TABLE = "scores.purchase_intent"
HISTORY_NIGHTS = 10
DISTRIBUTION_NIGHTS = 6
N_MOVERS, N_TOP_CATEGORIES, N_QUERY_ROWS = 6, 10, 5


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
        rows=content.totals.n_rows if content.totals else 0,
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
    score = records.get("score__purchase_intent", {})
    served = {run.table_name: run for run in read_runs(settings) if run.as_of_date == night.as_of_date}
    # What this snapshot's check saw last, is it what consumers read? A failed or another attempt may differ.
    checked = records.get("check__scores", {}).get("sha256")
    is_published = bool(served) and checked == {name: run.published_sha256 for name, run in served.items()}
    nights = published_nights(settings)
    checks = tuple(_border_check(settings, night, border, records.get(f"check__{border}", {})) for border in BORDERS)
    figures = _read_served(settings, night, [one for one in nights if one <= night.as_of_date]) if is_published else {}
    return NightReport(
        as_of_date=night.as_of_date,
        source=str(land.get("source", settings.source)),
        snapshot_id=night.snapshot_id,
        complete_through=land.get("complete_through"),
        verdict=(night.verdict() or "passed") if is_published else "withheld",
        served_instead=nights[-1] if nights and not is_published else None,
        published=tuple(
            PublishedTable(name, run.n_rows, run.model_version, run.recipe, run.run_id, run.published_sha256)
            for name, run in sorted(served.items())
            if is_published
        ),
        label_cutoff=score.get("label_cutoff"),
        model_age_days=score.get("model_age_days"),
        gate_reason=score.get("gate_reason"),
        code_revision=score.get("code_revision"),
        evaluation=_read_evaluation(settings, score.get("model_version")),
        checks=checks,
        landed=tuple(_landed_rows(name, table) for name, table in dict(land.get("tables", {})).items()),
        n_nights=sum(1 for one in nights if one <= night.as_of_date),
        top_k=settings.top_k_categories,
        attempt=max(run.attempt for run in served.values()) if is_published else None,
        steps=tuple(
            StepTime(step, int(record.get("rows", 0)), record.get("seconds"))
            for step, record in records.items()
            if step != "report"
        ),
        **figures,
    )


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


def _read_evaluation(settings: Settings, model_version: str | None) -> Evaluation:
    """Read what the registry has of the model; nothing there is an evaluation without parts."""
    try:
        version = get_version(settings, model_version) if model_version else None
        if version is None:
            return Evaluation()
        folder = model_folder(settings, version)
        raw, manifest = (
            read_json(folder / name) if (folder / name).exists() else None
            for name in ("evaluation.json", "manifest.json")
        )
    except (NightmarketError, OSError, ValueError):
        return Evaluation()
    return read_evaluation(raw, recipe=version.recipe, manifest=manifest)


def _read_served(settings: Settings, night: Night, nights: list[date]) -> dict[str, Any]:
    """Read the parts of the report that come from the served rows, up to this night and none after it."""
    names = _category_names(settings, night)
    connection = open_serving(settings)
    try:
        recent = nights[-HISTORY_NIGHTS:]
        categories = trace_sums(read_sums(connection, "category_id", recent), recent, names)
        customers = trace_sums(read_sums(connection, "customer_id", recent), recent, {})
        categories_up, categories_down = rank_movers(categories, N_MOVERS)
        customers_up, customers_down = rank_movers(customers, N_MOVERS)
        asked = (categories_up or categories)[0]
        return {
            "totals": Totals(*read_totals(connection, night.as_of_date)),
            "totals_before": Totals(*read_totals(connection, nights[-2])) if len(nights) > 1 else None,
            "night_before": nights[-2] if len(nights) > 1 else None,
            "top_categories": tuple(categories[:N_TOP_CATEGORIES]),
            "categories_up": categories_up,
            "categories_down": categories_down,
            "customers_up": customers_up,
            "customers_down": customers_down,
            "distributions": tuple(
                Distribution(one, read_distribution(connection, one, SCORE_BIN_EDGES))
                for one in reversed(nights[-DISTRIBUTION_NIGHTS:])
            ),
            "query": _ask(connection, night.as_of_date, asked.id, asked.name),
        }
    finally:
        connection.close()


def _category_names(settings: Settings, night: Night) -> dict[str, str]:
    try:
        files = read_snapshot(settings, night.snapshot_id).tables["products"].files
    except NightmarketError:
        return {}
    return read_category_names([settings.landing_dir / file.path for file in files])


def _ask(connection: Any, as_of: date, category_id: str, name: str) -> Query:
    sql = (
        "select customer_id, round(probability, 3) as probability, reason_1, reason_2\n"
        f"from {TABLE}_history\n"
        f"where as_of_date = date '{as_of}' and category_id = {literal(category_id)}\n"
        f"order by probability desc, customer_id\nlimit {N_QUERY_ROWS};"
    )
    columns, rows = read_rows(connection, sql)
    return Query(f"Who is most likely to buy {name} next, and why?", sql, columns, rows)


def _point_latest(settings: Settings) -> str:
    """Point ``var/reports/latest`` at the report of the greatest night; return that night."""
    newest = max(path.parent.name for path in settings.reports_dir.glob("????-??-??/index.html"))
    beside = settings.reports_dir / ".latest.next"
    beside.unlink(missing_ok=True)
    beside.symlink_to(newest)
    beside.replace(settings.reports_dir / "latest")
    return newest
