"""Great Expectations 1.24.1 on DuckDB needs one mend; these say when it can go."""

from __future__ import annotations

import contextlib
import importlib.metadata
from typing import Any

import duckdb
import pytest

from nightmarket.quality import great_expectations_duckdb as mended


def _row_count(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    connection.execute("create or replace temp table three as select * from range(3) as t(i)")
    expectation = mended.build_expectation("expect_table_row_count_to_equal", {"value": 3}, meta={"position": 0})
    with mended.open_context(connection) as (context, source):
        return mended.run_suite(context, source, "three", "select * from three", [expectation])[0]


def test_a_row_can_be_counted_with_the_mend() -> None:
    with duckdb.connect() as connection:
        assert _row_count(connection)["success"]


def test_the_mend_is_still_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mended, "connection_kept_open", contextlib.nullcontext)
    with duckdb.connect() as connection:
        result = _row_count(connection)
    version = importlib.metadata.version("great-expectations")
    assert not result["success"], f"great-expectations {version} reads DuckDB by itself: remove connection_kept_open"
    assert "list index out of range" in str(result["error"])


def test_the_mend_leaves_no_trace() -> None:
    shipped = mended.gx_engine._PERSISTED_CONNECTION_DIALECTS
    with duckdb.connect() as connection:
        _row_count(connection)
    assert mended.gx_engine._PERSISTED_CONNECTION_DIALECTS is shipped
    assert "duckdb" not in shipped


def test_the_connection_stays_with_whoever_opened_it() -> None:
    with duckdb.connect() as connection:
        _row_count(connection)
        assert connection.execute("select count(*) from three").fetchone() == (3,)


def test_what_is_made_between_two_suites_outlives_what_the_first_left_open() -> None:
    def count(name: str, table: str) -> bool:
        three = mended.build_expectation("expect_table_row_count_to_equal", {"value": 3}, meta={"position": 0})
        return bool(mended.run_suite(context, source, name, f"select * from {table}", [three])[0]["success"])

    with duckdb.connect() as connection:
        connection.execute("create temp table three as select * from range(3) as t(i)")
        with mended.open_context(connection) as (context, source):
            assert count("first", "three")
            mended.end_reading(connection)
            connection.execute("create temp table again as from three")
            # SQLAlchemy does this whenever the connection that it lent happens to be collected.
            with contextlib.suppress(duckdb.TransactionException):
                connection.rollback()
            assert count("second", "again")
