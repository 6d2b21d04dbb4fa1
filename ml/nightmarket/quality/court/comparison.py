"""Comparing stored rows with rebuilt ones, to the bit, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nightmarket.sqltext import identifier

ABSENT = "no row"

ROW = "(row)"
"""Stands for the column where a whole row is there on one side only."""


@dataclass(frozen=True)
class Layout:
    """The columns of a table that dbt built, with their types, and which of them name a row."""

    schema: str
    table: str
    types: Mapping[str, str]
    key: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(column for column in self.types if column not in self.key)


@dataclass(frozen=True)
class Difference:
    """The first row in which a table moved, and how many did."""

    table: str
    column: str
    as_of_date: date
    key: Mapping[str, Any]
    stored: Any
    rebuilt: Any
    n_rows: int
    columns: tuple[str, ...]
    """Every column of the table that moved somewhere."""

    def __str__(self) -> str:
        row = ", ".join(f"{name}={value!r}" for name, value in self.key.items()) or "its only row"
        others = [column for column in self.columns if column != self.column]
        more = f", and in {', '.join(others[:5])}" if others else ""
        return (
            f"{self.table}.{self.column} = {self.rebuilt!r} rebuilt for {row} at {self.as_of_date}, "
            f"but expected the stored {self.stored!r} ({self.n_rows} rows differ{more})"
        )


def same_bits(column: str, type_: str) -> str:
    """Return SQL that is true where ``stored`` and ``rebuilt`` hold the same value of ``column``.

    DuckDB's ``is not distinct from`` takes 0.0 and -0.0 for one number; their bits are not.
    """
    left, right = f"stored.{identifier(column)}", f"rebuilt.{identifier(column)}"
    equal = f"{left} is not distinct from {right}"
    if type_ in {"DOUBLE", "FLOAT"}:
        equal += f" and signbit({left}) is not distinct from signbit({right})"
    return f"({equal})"


def count_sql(layout: Layout, columns: Sequence[str], *, with_rows: bool) -> str:
    """Return SQL that counts, over ``stored`` and ``rebuilt``, the rows that differ: in all, and by column.

    Parameters
    ----------
    with_rows : bool
        Whether a row that only one side has is a difference by itself. If not, it counts as a row of NULLs.
    """
    tests = [f"not {same_bits(column, layout.types[column])}" for column in columns]
    presence = "(stored._side is null or rebuilt._side is null)"
    by_column = [f"count(*) filter (where {test})" for test in tests]
    anywhere = " or ".join([*tests, presence] if with_rows else tests) or "false"
    one_side = f"count(*) filter (where {presence})" if with_rows else "0"
    counts = ", ".join([f"count(*) filter (where {anywhere})", one_side, *by_column])
    return f"select {counts} from {_joined(layout)}"


def first_sql(layout: Layout, column: str | None) -> str:
    """Return SQL of the first row, by key, that differs in ``column`` (None: that only one side has).

    It gives the key, then the stored and the rebuilt value.
    """
    keys = [f"coalesce(stored.{identifier(k)}, rebuilt.{identifier(k)}) as {identifier(k)}" for k in layout.key]
    if column is None:
        values = [f"case when {side}._side is null then '{ABSENT}' else 'a row' end" for side in ("stored", "rebuilt")]
        where = "stored._side is null or rebuilt._side is null"
    else:
        values = [f"stored.{identifier(column)}", f"rebuilt.{identifier(column)}"]
        where = f"not {same_bits(column, layout.types[column])}"
    order = f" order by {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
    return f"select {', '.join([*keys, *values])} from {_joined(layout)} where {where}{order} limit 1"


def _joined(layout: Layout) -> str:
    """Join on the key; a table without one (one row per date) on its side, which both share."""
    keys = layout.key or ("_side",)
    match = " and ".join(f"stored.{identifier(key)} is not distinct from rebuilt.{identifier(key)}" for key in keys)
    left, right = (f"(select *, true as _side from {side}) as {side}" for side in ("stored", "rebuilt"))
    return f"{left} full join {right} on {match}"
