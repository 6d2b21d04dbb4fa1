"""Weekly demand panels and daily sales at any origin, read from the night's tables once.

A version of a line counts at an origin where it had happened and arrived before it and was not replaced by then, and
so does the version of its product that says its category. Both are read together, as periods of being known; an
origin is then a filter and a sum in memory, a few tenths of a second instead of seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.clock import day_of_number, number_of_day
from nightmarket.errors import StepMissing
from nightmarket.io.known_sales import (
    Days,
    KnownPeriods,
    KnownSales,
    read_holidays,
    read_out_of_stock,
    read_promotions,
    read_sales,
)
from nightmarket.io.panel_texts import PanelTexts
from nightmarket.io.training_data import TextSpace
from nightmarket.modeling.calendar_effects import Holiday
from nightmarket.modeling.codes import encode, positions
from nightmarket.modeling.demand import HORIZON, Panel
from nightmarket.modeling.sales import SalesHistory

MAX_WEEKS = 104
"""Two years: a product's level needs months, a yearly season two rounds."""

Intents = Mapping[date, Mapping[str, float]]
"""By published night, the purchase intents summed over customers, by category."""


class PanelReader:
    """Reads what was known of sales at any origin up to the night whose ``transform`` built the tables.

    Products are wares alone (no coupons, no fuel) and have a category.

    Parameters
    ----------
    intents : purchase intents by published night; they enter where at least 8 of the panel's weeks have some
    text : the vectors that young products are compared with older ones by; None: panels have no text

    Raises
    ------
    StepMissing
        ``transform`` did not build this night on this snapshot.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        snapshot_id: str,
        *,
        night: date,
        intents: Intents | None = None,
        text: TextSpace | None = None,
    ) -> None:
        self.night = night
        self._intents = intents or {}
        self._texts = PanelTexts(connection, snapshot_id, text) if text is not None else None
        table = read_sales(connection, snapshot_id, night)
        if table.num_rows == 0:
            raise StepMissing(
                f"Got no sales of {night} on snapshot {snapshot_id}, expected the lines that had arrived before that "
                "night. Run `nightmarket transform` for this night first, or `make nightly`."
            )
        self._product_ids, product = encode(table.column("product_id"))
        self._category_ids, category = encode(table.column("category_id"))
        day, known_from, known_until, units, amount = (
            table.column(name).to_numpy() for name in ("day", "known_from", "known_until", "units", "amount")
        )
        self._sales = KnownSales(product, category, day, known_from, known_until, units, amount)
        self._promotions = self._periods(read_promotions(connection, snapshot_id, night))
        self._out_of_stock = self._periods(read_out_of_stock(connection, snapshot_id, night))
        self._holidays: list[tuple[int, str, int, int]] = [
            (row["day"], row["holiday_kind"], row["known_from"], row["known_until"])
            for row in read_holidays(connection, snapshot_id, night).to_pylist()
        ]

    @property
    def first_day(self) -> date:
        """The first day on which something was sold."""
        return day_of_number(int(self._sales.day.min()))

    def sha256(self) -> str:
        """Return a hash of all that any origin may read."""
        digest = hashlib.sha256()
        for one in (self._sales, self._promotions, self._out_of_stock):
            for values in vars(one).values():
                digest.update(np.ascontiguousarray(values).data)
        told = {str(night): dict(sorted(named.items())) for night, named in sorted(self._intents.items())}
        if self._texts is not None:
            self._texts.add_to(digest)
        names = [self._product_ids.tolist(), self._category_ids.tolist(), told, self._holidays]
        digest.update(json.dumps(names).encode())
        return digest.hexdigest()

    def panel(self, as_of: date) -> Panel:
        """Return what was known of demand on the eve of ``as_of``, of every product that was ever sold.

        Raises
        ------
        StepMissing
            Nothing was sold in a whole week before ``as_of``.
        """
        origin, sales = number_of_day(as_of), self._sales
        known = np.flatnonzero(sales.known_at(origin))
        weeks = _whole_weeks(sales.day[known], origin, as_of)
        ago = (origin - 1 - sales.day[known]) // 7
        sold = np.flatnonzero(
            np.bincount(sales.product[known][sales.units[known] > 0], minlength=len(self._product_ids))
        )
        rows = np.full(len(self._product_ids), -1, np.int32)
        rows[sold] = np.arange(len(sold), dtype=np.int32)
        row = rows[sales.product[known]]
        kept = row >= 0
        known, ago, row = known[kept], ago[kept], row[kept].astype(np.int64)
        age = np.zeros(len(sold), np.int32)
        was_sold = sales.units[known] > 0
        np.maximum.at(age, row[was_sold], (ago[was_sold] + 1).astype(np.int32))
        category = np.zeros(len(sold), np.int32)
        category[row] = sales.category[known]  # at one origin a product has one category
        in_weeks = ago < weeks
        cell = row[in_weeks] * weeks + (weeks - 1 - ago[in_weeks])
        units, amount = (
            _sum_cells(cell, values[known[in_weeks]], (len(sold), weeks)) for values in (sales.units, sales.amount)
        )
        share = self._promotions.share_of_weeks(origin, rows, weeks=weeks, ahead=HORIZON)
        ahead = share[:, weeks:]
        # A week of which no plan at all had arrived is not known; it is not a week without promotions.
        ahead[:, ~(ahead > 0).any(axis=0)] = np.nan
        category_ids, category = _only_used(self._category_ids, category)
        return Panel(
            as_of_date=as_of,
            product_ids=self._product_ids[sold],
            category_ids=category_ids,
            category=category,
            units=units,
            sales_amount=amount,
            promoted=np.ascontiguousarray(share[:, :weeks]),
            promoted_ahead=np.ascontiguousarray(ahead),
            in_stock=1 - self._out_of_stock.share_of_weeks(origin, rows, weeks=weeks),
            age_weeks=age,
            text=None if self._texts is None else self._texts.at(as_of, self._product_ids[sold]),
            intents=place_intents(self._intents, category_ids, as_of, weeks),
            holidays=self._holidays_at(origin),
        )

    def sales(self, as_of: date) -> SalesHistory:
        """Return what the shop sold on every day before ``as_of``, by category, as was known on its eve.

        Raises
        ------
        StepMissing
            Nothing was sold in a whole week before ``as_of``.
        """
        origin, sales = number_of_day(as_of), self._sales
        known = np.flatnonzero(sales.known_at(origin))
        n_days = 7 * _whole_weeks(sales.day[known], origin, as_of)
        place = sales.day[known] - (origin - n_days)
        known, place = known[place >= 0], place[place >= 0].astype(np.int64)
        category_ids, category = _only_used(self._category_ids, sales.category[known])
        cell = category.astype(np.int64) * n_days + place
        amounts = _sum_cells(cell, sales.amount[known], (len(category_ids), n_days))
        return SalesHistory(as_of, category_ids, amounts, self._holidays_at(origin))

    def _holidays_at(self, origin: int) -> tuple[Holiday, ...]:
        """Return the holidays, past and to come, that were known on the eve of ``origin``."""
        known = {
            Holiday(day_of_number(day), kind)
            for day, kind, known_from, known_until in self._holidays
            if known_from < origin <= known_until
        }
        return tuple(sorted(known))

    def _periods(self, table: pa.Table) -> KnownPeriods:
        """Return the periods of products that were sold."""
        names, name = encode(table.column("product_id"))
        product = positions(self._product_ids, names).astype(np.int32)[name]
        kept = product >= 0
        first, last, known_from, known_until = (
            table.column(name).to_numpy()[kept] for name in ("first", "last", "known_from", "known_until")
        )
        product = product[kept]
        # The rows are in the order of their columns, so what comes again follows itself.
        again = (np.diff(product) == 0) & (np.diff(first) == 0) & (np.diff(last) == 0)
        return KnownPeriods(product, first, last, known_from, known_until, bool(again.any()))


MIN_INTENT_WEEKS = 8


def place_intents(
    intents: Intents, category_ids: NDArray[np.object_], as_of: date, weeks: int
) -> NDArray[np.float32] | None:
    """Return the purchase intents of the last night published in each week before ``as_of``, (k, weeks).

    None where fewer than 8 weeks have any: less is no history to learn from.
    """
    found = np.full((len(category_ids), weeks), np.nan, np.float32)
    for night in sorted(intents):
        week = weeks - 1 - ((as_of - night).days - 1) // 7
        if night < as_of and week >= 0:
            found[:, week] = [intents[night].get(name, np.nan) for name in category_ids]
    return found if np.isfinite(found).any(axis=0).sum() >= MIN_INTENT_WEEKS else None


def _whole_weeks(days: Days, origin: int, as_of: date) -> int:
    weeks = 0 if len(days) == 0 else (origin - int(days.min())) // 7
    if weeks == 0:
        raise StepMissing(
            f"Got less than a whole week of sales before {as_of}, expected at least one. Choose a later night, no "
            f"earlier than {as_of + timedelta(days=7)}."
        )
    return min(weeks, MAX_WEEKS)


def _sum_cells(cell: NDArray[np.int64], values: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the sums of ``values`` by cell; rounded, since sums of doubles hang on the order of the rows."""
    sums = np.bincount(cell, values, minlength=shape[0] * shape[1]).astype(np.float64)
    return np.round(sums, 4).reshape(shape)


def _only_used(
    names: NDArray[np.object_], position: NDArray[np.int32]
) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    used = np.flatnonzero(np.bincount(position, minlength=len(names)))
    rows = np.zeros(len(names), np.int32)
    rows[used] = np.arange(len(used), dtype=np.int32)
    return names[used], rows[position]
