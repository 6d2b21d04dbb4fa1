"""What was sold, promoted and out of stock, by the period in which it was known: rows of a night as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Days = NDArray[np.int32]
"""Days since 1970-01-01."""


@dataclass(frozen=True)
class KnownSales:
    """What was sold of each product on each day, by the period in which it was known so."""

    product: NDArray[np.int32]
    category: NDArray[np.int32]
    day: Days
    known_from: Days
    known_until: Days
    units: NDArray[np.float64]
    amount: NDArray[np.float64]

    def known_at(self, origin: int) -> NDArray[np.bool_]:
        return np.asarray((self.day < origin) & (self.known_from < origin) & (self.known_until >= origin))


@dataclass(frozen=True)
class KnownPeriods:
    """Days, first to last, of a product, by the period in which they were known."""

    product: NDArray[np.int32]
    first: Days
    last: Days
    known_from: Days
    known_until: Days
    arrives_again: bool
    """Whether a period may be there twice, by different arrivals."""

    def known_at(self, origin: int) -> NDArray[np.bool_]:
        return np.asarray((self.known_from < origin) & (self.known_until >= origin))

    def share_of_weeks(
        self, origin: int, rows: NDArray[np.int32], *, weeks: int, ahead: int = 0
    ) -> NDArray[np.float32]:
        """Return the share of each week's days that known periods cover, (n, weeks + ahead), the oldest first.

        Days that two different periods cover count twice, up to the whole week: to tell days apart would take ten
        times as long, and promotions are mostly whole weeks.

        Parameters
        ----------
        rows : (n_products,) row of each product; -1 for one that is not asked for
        """
        known = np.flatnonzero(self.known_at(origin) & (rows[self.product] >= 0))
        n_rows, n_weeks, start = int(rows.max(initial=-1)) + 1, weeks + ahead, origin - 7 * weeks
        first = np.maximum(self.first[known] - start, 0).astype(np.int64)
        last = np.minimum(self.last[known] - start, 7 * n_weeks - 1).astype(np.int64)
        row = rows[self.product[known]].astype(np.int64)
        inside = first <= last
        # What arrived twice is one period.
        row, first, last = (
            np.unique(np.stack([row[inside], first[inside], last[inside]]), axis=1)
            if self.arrives_again
            else (row[inside], first[inside], last[inside])
        )
        n_touched = last // 7 - first // 7 + 1
        each = np.repeat(np.arange(len(row)), n_touched)
        week = first[each] // 7 + np.arange(len(each)) - np.repeat(np.cumsum(n_touched) - n_touched, n_touched)
        days = np.minimum(last[each], 7 * week + 6) - np.maximum(first[each], 7 * week) + 1
        covered = np.bincount(row[each] * n_weeks + week, days, minlength=n_rows * n_weeks)
        return np.minimum(covered / 7, 1).reshape(n_rows, n_weeks).astype(np.float32)


def read_sales(connection: duckdb.DuckDBPyConnection, snapshot_id: str, night: date) -> pa.Table:
    # A line and its product's version are known together from the later arrival to the first replacement.
    return connection.execute(
        f"select l.product_id, p.category_id, {_as_days('l.order_date')} as day, "
        f"{_as_days('greatest(l.arrived_date, p.arrived_date)')} as known_from, "
        f"{_as_days('least(l.superseded_date, p.superseded_date)')} as known_until, "
        "sum(l.quantity)::double as units, sum(l.sales_amount)::double as amount "
        "from features.ftr_known_order_lines as l inner join features.ftr_known_products as p "
        "on p.snapshot_id = l.snapshot_id and p.as_of_date = l.as_of_date and p.product_id = l.product_id "
        "and p.arrived_date < l.superseded_date and l.arrived_date < p.superseded_date "
        "where l.snapshot_id = ? and l.as_of_date = ? and p.is_ware "
        "group by all order by l.product_id, day, known_from, known_until, p.category_id",
        [snapshot_id, night],
    ).to_arrow_table()


def read_promotions(connection: duckdb.DuckDBPyConnection, snapshot_id: str, night: date) -> pa.Table:
    dates = ("start_date", "end_date", "arrived_date", "date '9999-12-31'")
    return _read_periods(connection, "features.ftr_product_promotions", dates, [snapshot_id, night])


def read_out_of_stock(connection: duckdb.DuckDBPyConnection, snapshot_id: str, night: date) -> pa.Table:
    dates = ("stock_date", "stock_date", "arrived_date", "superseded_date")
    return _read_periods(connection, "features.ftr_out_of_stock_days", dates, [snapshot_id, night])


def read_holidays(connection: duckdb.DuckDBPyConnection, snapshot_id: str, night: date) -> pa.Table:
    return connection.execute(
        f"select {_as_days('holiday_date')} as day, holiday_kind, {_as_days('arrived_date')} as known_from, "
        f"{_as_days('superseded_date')} as known_until from features.ftr_known_holidays "
        "where snapshot_id = ? and as_of_date = ? order by all",
        [snapshot_id, night],
    ).to_arrow_table()


def _read_periods(
    connection: duckdb.DuckDBPyConnection, table: str, dates: tuple[str, str, str, str], night: list[str | date]
) -> pa.Table:
    """Return product_id, and as days ``dates``: first, last, known_from and known_until; sorted by all of them."""
    names = ("first", "last", "known_from", "known_until")
    days = ", ".join(f"{_as_days(sql)} as {name}" for sql, name in zip(dates, names, strict=True))
    return connection.execute(
        f"select product_id, {days} from {table} where snapshot_id = ? and as_of_date = ? order by all", night
    ).to_arrow_table()


def _as_days(column: str) -> str:
    return f"cast(datediff('day', date '1970-01-01', {column}) as integer)"
