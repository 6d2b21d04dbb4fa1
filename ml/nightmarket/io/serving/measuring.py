"""Look up what happened to what was promised: published rows joined with the labels that a night built."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nightmarket.families.base import Head, Kind
from nightmarket.io.serving.catalog import Catalog
from nightmarket.io.serving.ledger import LEDGER, N_BINS, Promise, closed_promises
from nightmarket.modeling.arrow_types import schema_of
from nightmarket.settings import Settings

SCHEMA = schema_of(LEDGER)


def measure_promises(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    catalog: Catalog,
    *,
    as_of: date,
    snapshot_id: str,
    complete_through: date,
    nights: Sequence[date],
) -> pa.Table:
    """Return the rows of ``ops.calibration_ledger`` that the night ``as_of`` measures, sorted by their key.

    Parameters
    ----------
    connection : the warehouse, where ``transform`` of this night labelled ``nights``
    nights : published nights to measure; a head whose window is still open, that was not labelled as known
        before ``as_of``, or that was not published yet in that night, is left out
    """
    tables = [SCHEMA.empty_table()]
    for promise in closed_promises(catalog, as_of, complete_through=complete_through):
        if promise.as_of_date not in nights or not _is_labelled(connection, promise, as_of, snapshot_id):
            continue
        path = settings.serving_dir / catalog.tables[promise.family.score_table][promise.as_of_date].path
        if promise.head.name in pq.read_schema(path).names:
            tables.append(_measure(connection, path, promise, as_of, snapshot_id))
    return pa.concat_tables(tables).sort_by([(name, "ascending") for name in LEDGER.key])


def _is_labelled(connection: duckdb.DuckDBPyConnection, promise: Promise, as_of: date, snapshot_id: str) -> bool:
    """Return whether the labels of the window know what had arrived before ``as_of``, no more and no less."""
    return bool(
        connection.execute(
            "select 1 from labels.lbl_windows where snapshot_id = ? and as_of_date = ? and horizon_days = ? "
            "and is_closed and known_before_date = ?",
            [snapshot_id, promise.as_of_date, promise.head.horizon_days, as_of],
        ).fetchone()
    )


def _measure(
    connection: duckdb.DuckDBPyConnection, path: Path, promise: Promise, as_of: date, snapshot_id: str
) -> pa.Table:
    family, head, night = promise.family, promise.head, promise.as_of_date
    keys = ", ".join(family.key_names)
    forecast, outcome, in_interval, number = _expressions(head)
    # Files are sorted by their keys: equal forecasts are told apart by the place in the file.
    measured = connection.execute(
        f"""
        with labels as (
            select * from {family.label_table} where snapshot_id = $snapshot_id and as_of_date = $night
        ),
        joined as (
            select {forecast} as forecast, {outcome} as outcome, {in_interval} as is_in_interval, s.file_row_number
            from read_parquet($path, hive_partitioning = false, file_row_number = true) as s
            left join labels as l using ({keys})
        ),
        binned as (
            select *, ntile({N_BINS}) over (order by forecast, file_row_number) as bin
            from joined where forecast is not null and outcome is not null
        )
        select
            $family as family, $head as head, $night as as_of_date, $model_version as model_version,
            $run_id as run_id, $horizon_days as horizon_days, bin, count(*) as n_rows,
            sum(forecast::{number})::double as promised, sum(outcome::{number})::double as happened,
            sum(is_in_interval::integer) as n_in_interval, $as_of as measured_at_as_of
        from binned group by bin order by bin
        """,
        {
            "path": str(path),
            "snapshot_id": snapshot_id,
            "night": night,
            "family": family.name,
            "head": head.name,
            "model_version": promise.run.model_version,
            "run_id": promise.run.run_id,
            "horizon_days": head.horizon_days,
            "as_of": as_of,
        },
    ).to_arrow_table()
    return measured.cast(SCHEMA)


def _expressions(head: Head) -> tuple[str, str, str, str]:
    """Return SQL for the forecast, the outcome, whether it is in the interval, and the exact type of their sums."""
    outcome = f"l.{head.outcome}" if head.outcome else "(l.snapshot_id is not null)::integer"
    if head.kind is Kind.PROBABILITY:
        return f"s.{head.name}", f"{outcome}::integer", "null", "decimal(18, 15)"
    return (
        f"s.{head.name}",
        f"{outcome}::double",
        f"{outcome}::double between s.{head.name}_low and s.{head.name}_high",
        "decimal(38, 6)",
    )
