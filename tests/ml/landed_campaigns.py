"""Campaigns of a tiny shop, landed: rows written out in a test become the files of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.sqltext import literal

AS_OF = date(2024, 6, 1)

Row = Mapping[str, Any]


def land(
    settings: Settings, tables: Mapping[str, Sequence[Row]], *, quarantined: Mapping[str, Sequence[Row]] | None = None
) -> Snapshot:
    """Write ``tables`` as landed files; a row without ``arrived`` (a day) is known since 1970.

    ``quarantined`` says by table what was set aside: texts, as the source gave them.
    """
    landed = {}
    for table in SHOP_CONTRACT:
        rows = tables.get(table.name, ())
        if not rows:
            landed[table.name] = LandedTable(False, 0, 0, 0, ())
            continue
        folder = settings.landing_dir / "files" / table.name
        folder.mkdir(parents=True, exist_ok=True)
        values = ", ".join(f"({', '.join(_value(row, column.name) for column in table.columns)})" for row in rows)
        columns = ", ".join(f"cast(c{number} as {one.type}) as {one.name}" for number, one in enumerate(table.columns))
        names = ", ".join(f"c{number}" for number in range(len(table.columns)))
        with duckdb.connect() as connection:
            connection.execute(f"copy (select {columns} from (values {values}) as t({names})) to '{folder}/0.parquet'")
        file = LandedFile(f"files/{table.name}/0.parquet", sha256_of_file(folder / "0.parquet"), len(rows))
        landed[table.name] = LandedTable(True, len(rows), len(rows), 0, (file,))
    for name, rows in (quarantined or {}).items():
        path = settings.landing_dir / "files" / f"quarantine.{name}" / "0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = sorted({column for row in rows for column in row})
        texts = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
        pq.write_table(pa.table(texts), path)
        file = LandedFile(f"files/quarantine.{name}/0.parquet", sha256_of_file(path), len(rows))
        there = landed[name]
        landed[name] = replace(there, provided=True, rows_quarantined=len(rows), quarantine_files=(file,))
    snapshot = Snapshot("files", "UTC", "EUR", date(2024, 5, 31), False, landed, ())
    write_snapshot(settings, snapshot)
    return snapshot


def stage(night: Night, scores: Mapping[str, Mapping[str, float]], plan: Sequence[Row]) -> None:
    """Stage response probabilities by campaign and customer, and a reorder plan of products."""
    night.folder.mkdir(parents=True, exist_ok=True)
    pairs = [(campaign, customer, p) for campaign, of in scores.items() for customer, p in of.items()]
    pq.write_table(
        pa.table(
            {
                "campaign_id": pa.array([campaign for campaign, _, _ in pairs], pa.string()),
                "customer_id": pa.array([customer for _, customer, _ in pairs], pa.string()),
                "probability": pa.array([p for _, _, p in pairs], pa.float64()),
            }
        ),
        night.staged_path("scores.campaign_response"),
    )
    types = {
        "product_id": pa.string(),
        "demand_units": pa.float64(),
        "unit_price_amount": pa.float64(),
        "lead_time_days": pa.int32(),
        "on_hand_units": pa.float64(),
        "on_order_units": pa.float64(),
        "suggested_order_units": pa.float64(),
        "stock_out_probability": pa.float64(),
        "is_stock_out_risk": pa.bool_(),
        "is_overstock": pa.bool_(),
        "supplied_places_units": pa.float64(),
    }
    pq.write_table(
        pa.table({name: pa.array([row.get(name) for row in plan], of) for name, of in types.items()}),
        night.staged_path("decisions.reorder_plan"),
    )


def _value(row: Row, column: str) -> str:
    if column == "arrived_at":
        return f"timestamp '{row.get('arrived', '1970-01-01')}'"
    if column == "arrived_date":
        return f"date '{row.get('arrived', '1970-01-01')}'"
    value = row.get(column)
    return "null" if value is None else literal(value)
