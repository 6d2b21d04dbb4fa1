"""What the report says of a customer's past is what the shop knew before the night."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.io.customer_history import read_histories
from nightmarket.report.households import History

NIGHT = date(2017, 12, 1)


def _line(line: str, day: date, arrived: date, *, quantity: float = 1, amount: float = 10, **more: Any) -> list[Any]:
    given = {"customer": "ann", "order": line, "cancelled": False, **more}
    at = datetime(arrived.year, arrived.month, arrived.day)  # noqa: DTZ001 - landed instants are naive UTC
    return [line, given["order"], given["customer"], day, quantity, amount, given["cancelled"], at, arrived]


@pytest.fixture
def order_lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.parquet"
    day, later = date(2017, 11, 20), date(2017, 12, 2)
    rows = [
        _line("known", day, day),
        _line("same order", day, day, order="known"),
        _line("corrected", day, day, amount=99),
        _line("corrected", day, date(2017, 11, 25), amount=5),
        _line("corrected", day, later, amount=77),
        _line("cancelled", day, day, cancelled=True),
        _line("returned", date(2017, 11, 28), date(2017, 11, 28), quantity=-1, amount=-10),
        _line("arrived too late", date(2017, 11, 29), later),
        _line("of the night itself", NIGHT, NIGHT),
        _line("long ago", date(2017, 1, 5), date(2017, 1, 5)),
        _line("of bob", date(2017, 1, 5), date(2017, 1, 5), customer="bob"),
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table lines (order_line_id varchar, order_id varchar, customer_id varchar, order_date date, "
            "quantity decimal(18, 4), sales_amount decimal(18, 4), is_cancelled boolean, arrived_at timestamp, "
            "arrived_date date)"
        )
        connection.executemany("insert into lines values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute(f"copy (select *, order_date::timestamp as ordered_at from lines) to '{path}'")
    return path


def test_only_what_had_happened_and_arrived_counts_in_its_newest_version(order_lines: Path) -> None:
    found = read_histories([order_lines], ["ann", "bob", "nobody"], as_of=NIGHT, days=84)
    assert found == {"ann": History(84, 2, 25.0, 11), "bob": History(84, 0, 0.0, 330)}


def test_without_order_lines_nothing_is_told() -> None:
    assert read_histories([], ["ann"], as_of=NIGHT, days=84) == {}
