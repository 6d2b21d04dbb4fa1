"""Any shop: a folder of CSV or Parquet exports, named after the tables of the shop contract.

``order_lines.csv`` is a dump of the whole table; ``order_lines_2024-05-01.csv`` and files in the folder
``order_lines/`` are increments. See ``docs/your-own-shop.md``.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from nightmarket.contracts import CONTRACT_TABLES, Table
from nightmarket.errors import ContractBroken, InvalidSetting, SourceUnreadable
from nightmarket.settings import Settings
from nightmarket.sources.base import Feed, InputFile, Part, QuarantineLimit, Relation
from nightmarket.sources.validation import QUARANTINE_COLUMNS
from nightmarket.sqltext import identifier

COMPLETE_FILE = "_COMPLETE"
"""States the last whole day of the export, as a date."""

_DATED = re.compile(r"(?P<table>[a-z_]+)_\d{4}-\d{2}-\d{2}")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ ]{0,62}")
_SEPARATORS = (",", ";", "\t", "|")


class Files:
    """The source of a user's own shop."""

    name = "files"
    timezone = "UTC"
    currency: str | None = None
    stands_still = False
    accumulates = True
    quarantine_limits: Mapping[str, QuarantineLimit] = MappingProxyType({})

    def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
        folder = _folder(settings)
        found = [(_rank(folder, path), path) for path in _provided(folder)]
        if not found:
            seen = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
            raise SourceUnreadable(
                f"Got {folder} without a file of the shop contract (it holds {seen}) but expected at least "
                "order_lines.csv and products.csv, or .parquet. `nightmarket contract --example DIR` writes an example."
            )
        return tuple(_describe(folder, path) for _, path in sorted(found))

    def ignored_files(self, settings: Settings) -> tuple[str, ...]:
        folder = _folder(settings)
        read = {folder / COMPLETE_FILE, *_provided(folder)}
        # The second pattern also looks into folders that are links, as reading does.
        there = {path for path in (*folder.rglob("*"), *folder.glob("*/*")) if not path.is_dir()} - read
        names = (path.relative_to(folder) for path in there)
        return tuple(sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)))

    def complete_through(self, settings: Settings) -> date | None:
        path = _folder(settings) / COMPLETE_FILE
        if not path.exists():
            return None
        try:
            text = path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError as error:
            raise SourceUnreadable(
                f"Got {path}, which cannot be read ({error.strerror}), but expected a file with a date. Let this user "
                "read it, or remove it."
            ) from error
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ContractBroken(
                f"Got {path} with {text[:40]!r} but expected the last whole day of the export, such as 2024-05-31. "
                "Write that date into it, or remove the file."
            ) from None

    def feeds(self, relations: tuple[Relation, ...]) -> tuple[Feed, ...]:
        parts: dict[str, list[Part]] = {}
        for relation in relations:
            table = _table_of_name(relation.input.name)
            parts.setdefault(table.name, []).append(_part(table, relation))
        return tuple(Feed(name, tuple(of_table)) for name, of_table in parts.items())


def _folder(settings: Settings) -> Path:
    folder = settings.source_path
    if folder is None:
        raise InvalidSetting(
            "Got the source files without a folder but expected NIGHTMARKET_SOURCE_PATH to name one. Set it to the "
            "folder of the shop's exports."
        )
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        state = "not readable" if folder.is_dir() else "a file" if folder.exists() else "not there"
        raise SourceUnreadable(
            f"Got NIGHTMARKET_SOURCE_PATH={folder}, which is {state}, but expected a folder of exports. Create it, or "
            "correct the setting."
        )
    return folder


def _provided(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted([*folder.glob("*"), *folder.glob("*/*")])
        if path.is_file()
        and path.suffix.lower() in (".csv", ".parquet")
        and not path.name.startswith(".")  # half-copied files, and what macOS leaves beside each
        and _table_of(folder, path) is not None
    ]


def _table_of(folder: Path, path: Path) -> Table | None:
    if path.parent != folder:
        return CONTRACT_TABLES.get(path.parent.name)
    dated = _DATED.fullmatch(path.stem)
    return CONTRACT_TABLES.get(dated["table"] if dated else path.stem)


def _table_of_name(name: str) -> Table:
    table = _table_of(Path(), Path(name))
    if table is None:
        raise ContractBroken(f"Got the file {name} but expected it to be named after a table of the shop contract.")
    return table


def _rank(folder: Path, path: Path) -> tuple[int, str]:
    """Order the files of one load from oldest to newest: whole dumps, then increments by name."""
    return (int(path.parent != folder or _DATED.fullmatch(path.stem) is not None), path.name)


def _describe(folder: Path, path: Path) -> InputFile:
    name = path.relative_to(folder).as_posix()
    if path.suffix.lower() == ".parquet":
        return InputFile(name, path, "parquet")
    known = {c.name for c in _table_of_name(name).given_columns}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except (UnicodeDecodeError, OSError) as error:
        raise SourceUnreadable(
            f"Got {path}, whose header cannot be read ({error}), but expected CSV in UTF-8. Export it again in UTF-8."
        ) from error
    try:
        headers = {separator: next(csv.reader([line], delimiter=separator), []) for separator in _SEPARATORS}
    except csv.Error as error:
        raise SourceUnreadable(
            f"Got {path}, whose first line is no header ({error}), but expected CSV with one row per line. Export it "
            "again."
        ) from error
    separator = max(_SEPARATORS, key=lambda s: sum(_canonical(column) in known for column in headers[s]))
    header = tuple(_canonical(column) for column in headers[separator])
    if not header:
        raise ContractBroken(
            f"Got {path} without a header but expected the names of its columns in the first line. Export it again; "
            "remove the file if the shop has no such table."
        )
    return InputFile(name, path, "csv", separator, header)


def _canonical(column: str) -> str:
    return column.strip().lower()


def _part(table: Table, relation: Relation) -> Part:
    file = relation.input
    header = file.header if file.format == "csv" else tuple(_canonical(name) for name in relation.columns)
    known = {c.name for c in table.given_columns}
    twice = sorted({name for name in header if name in known and header.count(name) > 1})
    if twice:
        raise ContractBroken(
            f"Got {file.name} with the column {', '.join(twice)} more than once but expected each column once "
            "(upper and lower case do not count). Remove the other one."
        )
    derived = {c.name for c in table.columns} - known
    # DuckDB's rowid is hidden by a column of that name; the rows of a table come in its order.
    hides_rowid = "rowid" in (name.lower() for name in relation.columns)
    selected, ignored = ["row_number() over () as _row" if hides_rowid else "rowid as _row"], []
    for number, (physical, name) in enumerate(zip(relation.columns, header, strict=True)):
        target = name
        if name not in known:
            ignored.append(name)
            # A header is untrusted text: only a plain word becomes an identifier.
            taken = name in derived or name in QUARANTINE_COLUMNS or header.count(name) > 1
            plain = _PLAIN_NAME.fullmatch(name) and not taken
            target = name if plain else f"extra_{number + 1}"
        selected.append(f"{identifier(physical)} as {identifier(target)}")
    return Part(
        f"select {', '.join(selected)} from {relation.sql}",
        file=file.name,
        relation=relation,
        is_increment=_rank(Path(), Path(file.name))[0] == 1,
        ignored_columns=tuple(ignored),
    )
