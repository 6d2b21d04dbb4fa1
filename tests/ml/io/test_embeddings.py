"""Which text products carried is kept of the snapshots that a run may still need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
import yaml

from nightmarket.io.embeddings import SNAPSHOTS_TO_KEEP, ProductVersion, create_tables, replace_product_texts
from nightmarket.settings import PROJECT_DIR

TEA = ProductVersion("tea", date(2024, 1, 1), ("Green tea",))


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        yield connection


def embed(warehouse: duckdb.DuckDBPyConnection, *snapshots: str) -> None:
    for snapshot in snapshots:
        replace_product_texts(warehouse, snapshot, [TEA], ["hash"])


def snapshots(warehouse: duckdb.DuckDBPyConnection) -> str:
    rows = warehouse.execute("select snapshot_id from embeddings.product_text_versions order by 1").fetchall()
    return "".join(row[0] for row in rows)


def test_texts_of_old_snapshots_are_forgotten(warehouse: duckdb.DuckDBPyConnection) -> None:
    embed(warehouse, "a", "b", "c", "d", "e")
    assert snapshots(warehouse) == "cde"
    assert warehouse.execute("select count(*) from embeddings.snapshots").fetchone() == (3,)


def test_a_snapshot_that_is_embedded_again_is_new(warehouse: duckdb.DuckDBPyConnection) -> None:
    embed(warehouse, "a", "b", "c", "a", "d")
    assert snapshots(warehouse) == "acd"


def test_texts_stay_as_long_as_the_features_of_their_snapshot(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("create schema intermediate; create table intermediate.int_kept_snapshots (snapshot_id varchar)")
    warehouse.execute("insert into intermediate.int_kept_snapshots values ('a')")
    embed(warehouse, "a", "b", "c", "d", "e")
    assert snapshots(warehouse) == "acde"
    warehouse.execute("delete from intermediate.int_kept_snapshots")
    embed(warehouse, "e")
    assert snapshots(warehouse) == "cde"


def test_texts_that_were_recorded_before_snapshots_were_are_forgotten_too(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("insert into embeddings.product_text_versions values ('old', 'tea', '2024-01-01', 'hash')")
    embed(warehouse, "a")
    assert snapshots(warehouse) == "a"


def test_texts_are_kept_of_as_many_snapshots_as_features_are() -> None:
    project = yaml.safe_load((PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text())
    assert project["vars"]["snapshots_to_keep"] == SNAPSHOTS_TO_KEEP
