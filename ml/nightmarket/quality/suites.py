"""Read ``expectations/*.yaml`` into typed suites, and refuse a file that says less than it should.

One file per table and border, named ``<border>__<table>.yaml``. What a file may say is described
in ``docs/expectations.md``; how to add one in ``docs/adding/expectation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nightmarket.errors import SuiteInvalid
from nightmarket.quality.facts import FACTS, names_in
from nightmarket.quality.tables import TABLES, columns_of

SEVERITIES = ("stop", "warn")
SQL_TYPE = "unexpected_rows_expectation"
"""The expectation that a query finds no rows; the only one that must say in words what it expects."""

_SUITE_KEYS = {"border", "table", "about", "n_expectations", "expectations"}
_EXPECTATION_KEYS = {"type", "expects", "arguments", "severity", "why"}
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold. ``arguments`` may name facts of the night, such as ``$complete_through``."""

    type: str
    arguments: dict[str, Any]
    severity: str
    why: str
    expects: str

    @property
    def facts(self) -> frozenset[str]:
        """The facts of the night that the arguments name."""
        return names_in(self.arguments)


@dataclass(frozen=True)
class Suite:
    """What must hold for one table at one border."""

    border: str
    table: str
    about: str
    expectations: tuple[Expectation, ...]

    @property
    def name(self) -> str:
        return f"{self.border}__{self.table}"


def load_suites(folder: Path, border: str) -> tuple[Suite, ...]:
    """Read the suites of ``border``: one for each of its tables, none missing and none over.

    Raises
    ------
    SuiteInvalid
        A file is missing, is of no table, or does not say all that it must.
    """
    found = {path.stem: path for path in sorted(folder.glob(f"{border}__*.yaml"))}
    wanted = {f"{border}__{table}" for table in TABLES[border]}
    if missing := sorted(wanted - found.keys()):
        raise SuiteInvalid(
            f"Got no {', '.join(f'{name}.yaml' for name in missing)} in {folder} but expected one file per table of "
            f"the border {border!r}. Write it as docs/adding/expectation.md says."
        )
    if unknown := sorted(found.keys() - wanted):
        raise SuiteInvalid(
            f"Got {unknown[0]}.yaml but expected one of {', '.join(sorted(wanted))}. Rename or remove the file."
        )
    return tuple(load_suite(found[f"{border}__{table}"]) for table in TABLES[border])


def load_suite(path: Path) -> Suite:
    """Read one file.

    Raises
    ------
    SuiteInvalid
        The file does not say all that it must; the message names the file and the expectation.
    """
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or set(raw) != _SUITE_KEYS:
        got = sorted(raw) if isinstance(raw, dict) else type(raw).__name__
        raise SuiteInvalid(
            f"Got {got} in {path.name} but expected exactly the keys {sorted(_SUITE_KEYS)}. Mend the file."
        )
    border, table = raw["border"], raw["table"]
    if f"{border}__{table}" != path.stem or table not in TABLES.get(border, ()):
        raise SuiteInvalid(
            f"Got border {border!r} and table {table!r} in {path.name} but expected those that its name says. "
            "Name the file <border>__<table>.yaml after a border and a table of it."
        )
    entries = raw["expectations"]
    if not isinstance(entries, list) or not entries:
        raise SuiteInvalid(
            f"Got no expectations in {path.name} but expected at least one. An empty suite passes everything; "
            "write down what must hold."
        )
    if raw["n_expectations"] != len(entries):
        raise SuiteInvalid(
            f"Got {len(entries)} expectations in {path.name} but expected n_expectations: {raw['n_expectations']}. "
            "Restore what was lost, or change the number together with the list."
        )
    expectations = tuple(
        _expectation(entry, f"{path.name}, expectation {i}", border, table) for i, entry in enumerate(entries, 1)
    )
    return Suite(border=border, table=table, about=str(raw["about"]).strip(), expectations=expectations)


def _expectation(raw: Any, where: str, border: str, table: str) -> Expectation:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise SuiteInvalid(f"Got {raw!r} in {where} but expected a mapping with a `type`. Mend the file.")
    where = f"{where} ({raw['type']})"
    if unknown := sorted(set(raw) - _EXPECTATION_KEYS):
        raise SuiteInvalid(
            f"Got the key {unknown[0]!r} in {where} but expected only {sorted(_EXPECTATION_KEYS)}. "
            "Correct or remove it."
        )
    if raw.get("severity") not in SEVERITIES:
        raise SuiteInvalid(
            f"Got severity {raw.get('severity')!r} in {where} but expected `stop` (withholds publication) or `warn`. "
            "Set one of them."
        )
    why = str(raw.get("why") or "").strip()
    if not why:
        raise SuiteInvalid(
            f"Got no `why` in {where} but expected one sentence. Say what would go wrong in the morning if this broke."
        )
    arguments = raw.get("arguments") or {}
    if not isinstance(arguments, dict):
        raise SuiteInvalid(f"Got arguments {arguments!r} in {where} but expected a mapping. Mend the file.")
    expects = str(raw.get("expects") or "").strip()
    if raw["type"] == SQL_TYPE and not expects:
        raise SuiteInvalid(
            f"Got no `expects` in {where} but expected a sentence, since a query does not read as one. "
            "Say in words what must hold."
        )
    columns = set(columns_of(border, table))
    for argument in _COLUMN_ARGUMENTS:
        named = arguments.get(argument, [])
        for column in [named] if isinstance(named, str) else named:
            if column not in columns:
                raise SuiteInvalid(
                    f"Got column {column!r} in {where} but expected one of {', '.join(sorted(columns))}. "
                    "Correct its name."
                )
    if unknown_facts := sorted(names_in(arguments) - FACTS[border].keys()):
        raise SuiteInvalid(
            f"Got the fact ${unknown_facts[0]} in {where} but expected one of "
            f"{', '.join('$' + name for name in FACTS[border])}. Correct its name."
        )
    return Expectation(
        type=raw["type"],
        arguments=arguments,
        severity=raw["severity"],
        why=why,
        expects=expects or _in_words(raw["type"], arguments),
    )


def _in_words(type_name: str, arguments: dict[str, Any]) -> str:
    """Turn ``expect_column_values_to_be_between`` and its arguments into a phrase."""
    words = type_name.removeprefix("expect_").replace("_", " ")
    for argument in _COLUMN_ARGUMENTS:
        if isinstance(arguments.get(argument), str):
            words = words.replace("column", f"`{arguments[argument]}`", 1)
    rest = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in arguments.items()
        if not (name in _COLUMN_ARGUMENTS and isinstance(value, str))
    )
    return f"{words}: {rest}" if rest else words
