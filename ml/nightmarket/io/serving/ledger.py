"""``ops.calibration_ledger``: what each night promised, and what happened once its window had closed.

A night measures earlier nights whose window has closed and publishes what it found together with its own
scores, as one small file. Measuring a night again, on a later night that knows of late and corrected orders,
adds a measurement; the view shows the newest of each. So a rerun replaces exactly its own measurements, with
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from nightmarket.contracts import Column, Table
from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.families import FAMILIES
from nightmarket.families.base import Family, Head
from nightmarket.io.serving.catalog import Catalog, Run, read_served_catalog
from nightmarket.settings import Settings

N_BINS = 10
MAX_NIGHTS = 4
"""Nights that one night measures. With a night a day, one or two are new; the others are measured again in turn."""

LEDGER = Table(
    "ops.calibration_ledger",
    "What a published night promised and what happened, by tenth of the forecast. One row per family, head, night"
    " and bin.",
    key=("family", "head", "as_of_date", "bin"),
    columns=(
        Column("family", "VARCHAR", "The prediction."),
        Column("head", "VARCHAR", "The published column that was measured."),
        Column("as_of_date", "DATE", "The night whose scores were measured."),
        Column("model_version", "VARCHAR", "What had scored that night."),
        Column("run_id", "VARCHAR", "The run that had scored that night, as in ops.runs."),
        Column("horizon_days", "INTEGER", "Days of the window, from as_of_date on."),
        Column("bin", "INTEGER", "1 to 10: tenths of the night's rows, of equally many, by rising forecast."),
        Column("n_rows", "BIGINT", "Published rows in the bin whose outcome is defined."),
        Column("promised", "DOUBLE", "Sum of their forecasts: expected events, or the expected amount."),
        Column("happened", "DOUBLE", "What came: events, or the amount."),
        Column(
            "n_in_interval", "BIGINT", "Rows whose amount fell into the published interval; null for probabilities."
        ),
        Column(
            "measured_at_as_of",
            "DATE",
            "The night that measured: it knew what had arrived before this shop-local date.",
        ),
    ),
)
NEWEST_MEASUREMENT = "qualify measured_at_as_of = max(measured_at_as_of) over (partition by family, head, as_of_date)"
"""What the view keeps of all measurements."""


@dataclass(frozen=True)
class Promise:
    """One head of one published night whose window has closed."""

    family: Family
    head: Head
    as_of_date: date
    run: Run


def closed_promises(catalog: Catalog, as_of: date, *, complete_through: date) -> Iterator[Promise]:
    """Yield what the published nights promised for windows that were over and complete by ``as_of``, newest first.

    Rows with cuts of their own have a window each, which ends when it ends: what campaigns brought is measured by
    campaign, against its holdout, and not by night.
    """
    runs = {(run.table_name, run.as_of_date): run for run in catalog.runs}
    for family in FAMILIES.values():
        if family.cut_column is not None:
            continue
        nights = sorted(catalog.tables.get(family.score_table, {}), reverse=True)
        for head in family.heads:
            for night in nights:
                end = night + timedelta(days=head.horizon_days)
                if end <= min(as_of, complete_through + timedelta(days=1)) and (family.score_table, night) in runs:
                    yield Promise(family, head, night, runs[family.score_table, night])


def nights_to_measure(settings: Settings, as_of: date, *, complete_through: date) -> list[date]:
    """Return the published nights that the night ``as_of`` is to measure, oldest first, at most ``MAX_NIGHTS``.

    First the newest that no earlier night measured (or that were scored anew since), then those measured
    longest ago, as long as a late fact may still change them (``late_lookback_days``). Measurements of this
    night or later ones do not count, so that a rerun measures the same nights again.
    """
    try:
        catalog = read_served_catalog(settings)
        measured = _measured_before(settings, catalog, as_of)
    except (NothingPublished, ServingMoved):
        return []
    oldest = as_of - timedelta(days=settings.late_lookback_days)
    waiting: dict[date, date] = {}
    for promise in closed_promises(catalog, as_of, complete_through=complete_through):
        night = promise.as_of_date
        last = measured.get((promise.family.name, promise.head.name, night, promise.run.run_id), date.min)
        if last == date.min or night >= oldest:
            waiting[night] = min(last, waiting.get(night, last))
    ranked = sorted(waiting, key=lambda night: (waiting[night], -night.toordinal()))
    return sorted(ranked[:MAX_NIGHTS])


def _measured_before(settings: Settings, catalog: Catalog, as_of: date) -> dict[tuple[str, str, date, str], date]:
    """Return when each family, head, night and run was last measured before ``as_of``."""
    nights = catalog.tables.get(LEDGER.name, {})
    paths = [str(settings.serving_dir / file.path) for night, file in nights.items() if night < as_of]
    if not paths:
        return {}
    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1}) as connection:
        rows = connection.execute(
            "select family, head, as_of_date, run_id, max(measured_at_as_of) "
            "from read_parquet(?, hive_partitioning = false) group by all",
            [paths],
        ).fetchall()
    return {(family, head, night, run_id): last for family, head, night, run_id, last in rows}
