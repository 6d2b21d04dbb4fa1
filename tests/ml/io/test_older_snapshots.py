"""What was landed before the contract grew can be read with the contract of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.io.landing import NOT_PROVIDED, LandedFile, LandedTable, Snapshot, read_snapshot, write_snapshot
from nightmarket.io.warehouse import pin_snapshot
from nightmarket.settings import Settings

ADDED = ("unit_margin_amount", "holding_cost_amount")


def _write_inventory(settings: Settings, name: str, without: tuple[str, ...]) -> LandedFile:
    columns = [column for column in CONTRACT_TABLES["inventory"].columns if column.name not in without]
    values = {"product_id": "'p1'", "location_id": "''", "stock_date": "date '2024-05-01'", "unit_margin_amount": "2.5"}
    select = ", ".join(f"cast({values.get(c.name, 'null')} as {c.type}) as {c.name}" for c in columns)
    settings.landing_dir.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy (select {select}) to '{settings.landing_dir / name}'")
    return LandedFile(name, "0" * 64, 1)


def test_a_snapshot_from_before_a_table_and_a_column_shows_none_and_nulls(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var_dir=tmp_path)
    old = _write_inventory(settings, "old.parquet", ADDED)
    tables = dict.fromkeys(CONTRACT_TABLES.keys() - {"campaign_plans"}, NOT_PROVIDED)
    landed = LandedTable(provided=True, rows_in=1, rows_accepted=1, rows_quarantined=0, files=(old,))
    snapshot = Snapshot("files", "UTC", "EUR", date(2024, 5, 1), False, {**tables, "inventory": landed}, ())
    write_snapshot(settings, snapshot)
    read = read_snapshot(settings, snapshot.snapshot_id)
    with duckdb.connect() as connection:
        pin_snapshot(connection, settings, read)
        assert connection.sql("select count(*) from raw.campaign_plans").fetchall() == [(0,)]
        assert connection.sql("select product_id, unit_margin_amount from raw.inventory").fetchall() == [("p1", None)]


def test_files_from_before_and_after_a_column_are_read_together(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var_dir=tmp_path)
    files = (_write_inventory(settings, "old.parquet", ADDED), _write_inventory(settings, "new.parquet", ()))
    landed = replace(NOT_PROVIDED, provided=True, files=files)
    tables = {**dict.fromkeys(CONTRACT_TABLES, NOT_PROVIDED), "inventory": landed}
    with duckdb.connect() as connection:
        pin_snapshot(connection, settings, Snapshot("files", "UTC", "EUR", date(2024, 5, 1), False, tables, ()))
        found = connection.sql("select unit_margin_amount from raw.inventory order by 1 nulls first").fetchall()
    assert [None if value is None else float(value) for (value,) in found] == [None, 2.5]
