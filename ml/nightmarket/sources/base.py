"""What a source is: a reader of somebody's tables that gives them the shape of the shop contract.

An adapter says *what* maps to *what*, in SQL that starts with ``select``. Everything that must be the
same for every shop (types, quarantine, local dates, arrival, files) is done once, by landing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from nightmarket.settings import Settings


@dataclass(frozen=True)
class InputFile:
    """One file to read.

    ``name`` is what the manifest and the quarantine call it: relative, so that a moved folder is still the
    same input. ``separator`` is that of a CSV file.
    """

    name: str
    path: Path
    format: Literal["csv", "parquet"]
    separator: str = ","
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """An input file as landing opened it: the SQL name to select from, and its columns with DuckDB's types."""

    input: InputFile
    sql: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A piece of a contract table: a ``select`` whose columns bear the contract's names.

    Columns the contract does not know are kept for the quarantine only. ``relation`` is named where the
    lines that could not be read at all belong to this table. ``is_increment``: it adds to the table and may
    bring nothing; a dump of the whole table may not be empty.
    """

    select: str
    file: str
    relation: Relation | None = None
    is_increment: bool = False
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feed:
    """One contract table as a source gives it; later parts are newer than earlier ones.

    ``keeps_order`` lands the rows as the source has them: right for a big table that is in a good order
    already and comes from one file.
    """

    table: str
    parts: tuple[Part, ...]
    keeps_order: bool = False


FEWEST_BAD_ROWS = 10
"""Fewer bad rows never refuse a table: one of an increment's 50 is 2 %, and says nothing about the export."""


@dataclass(frozen=True)
class QuarantineLimit:
    """A table's own limit in place of the setting ``quarantine_limit_pct``, and why it needs one."""

    percent: float
    why: str


class Source(Protocol):
    """What an adapter states and does. See ``docs/adding/source.md``."""

    name: str
    timezone: str
    """IANA name; the setting `timezone` goes first."""
    currency: str | None
    """ISO 4217 code; the setting `currency` goes first; None: the one currency found in the data."""
    stands_still: bool
    """No new data will come: scheduled runs replay its next date."""
    accumulates: bool
    """Its files come and go, and each load adds to what was landed before."""
    quarantine_limits: Mapping[str, QuarantineLimit]
    """Limits of single tables, where the setting does not fit."""

    def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
        """List the files to read, in a fixed order.

        Raises
        ------
        SourceUnreadable
            The source is not there.
        """
        ...

    def ignored_files(self, settings: Settings) -> tuple[str, ...]:
        """List what lies among the files and is not read, so that no misspelt name is silent."""
        ...

    def complete_through(self, settings: Settings) -> date | None:
        """Return the last whole shop-local day; None: the day before the newest order's."""
        ...

    def feeds(self, relations: tuple[Relation, ...]) -> tuple[Feed, ...]:
        """Map the opened input files to contract tables; a table that is not provided has no feed.

        Raises
        ------
        ContractBroken
            A required table or column is not there.
        """
        ...
