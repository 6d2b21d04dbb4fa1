"""A SQL prompt on the published tables, or one query."""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.errors import QueryFailed
from nightmarket.io.serving import open_serving, published_nights
from nightmarket.settings import Settings
from nightmarket.steps import StepResult

WRITES_FILES = {"COPY", "COPY_DATABASE", "EXPORT"}
"""Kinds of statement that the prompt refuses itself. All else is DuckDB's to refuse: the store is open
read-only, with no access to other files and its settings locked; temporary tables are welcome."""
SHOWN_ROWS = 40
JSON_ROWS = 100
"""Rows of a QUERY that its JSON line carries: enough for a script, not a way to copy a table."""

WELCOME = """Nightmarket · {nights} · newest {newest}
Statements end with ;   .tables  .schema [table]  .quit
Try:  select * from scores.purchase_intent order by probability desc limit 10;
"""


def run(settings: Settings, *, query: str | None) -> StepResult:
    """Run QUERY and print its rows; without one, read statements from a prompt or from stdin.

    Raises
    ------
    QueryFailed
        QUERY, or a statement read from a file or pipe, is wrong or does not read. At the prompt
        such an error is printed and the next statement read.
    """
    with contextlib.closing(open_serving(settings)) as connection:
        if query is not None:
            return _run_query(connection, query)
        if sys.stdin.isatty():
            n_statements = _prompt(connection, settings)
        else:
            n_statements = 0
            for statement in read_statements(lambda _: sys.stdin.readline()):
                run_statement(connection, statement)
                n_statements += 1
    return StepResult(rows=n_statements, detail={"statements": n_statements})


def run_statement(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyRelation | None:
    """Run what was typed, print the rows of its last statement, and return them (None for a dot command).

    Raises
    ------
    QueryFailed
        It is wrong, or is not a statement that reads.
    """
    if text.startswith("."):
        _run_dot_command(connection, text)
        return None
    try:
        relation = None
        for statement in connection.extract_statements(text):
            if statement.type.name in WRITES_FILES:
                raise QueryFailed(
                    f"Got a {statement.type.name} statement but expected one that writes no file. "
                    "Open var/serving/serving.duckdb read-only in DuckDB itself to export from it."
                )
            relation = connection.sql(statement.query)
            if relation is not None:
                relation.show(max_rows=SHOWN_ROWS)
    except duckdb.Error as error:
        raise QueryFailed(
            f"Got a statement that DuckDB refuses: {error}. Type .tables and .schema to see what there is."
        ) from error
    return relation


def read_statements(read_line: Callable[[bool], str | None]) -> Iterator[str]:
    """Yield statements and dot commands from lines.

    A statement ends with a line that ends with ``;``, unless that is inside a string or a comment.
    The last one may do without.

    Parameters
    ----------
    read_line
        Called with whether a statement has begun. Returns a line with its newline, "" at the end,
        or None to drop what was begun (Ctrl-C, as in psql).
    """
    lines: list[str] = []
    while (line := read_line(bool(lines))) != "":
        if line is None:
            lines = []
            continue
        stripped = line.strip()
        if not lines and (not stripped or stripped.startswith(".")):
            if stripped:
                yield stripped
            continue
        lines.append(line.rstrip("\n"))
        text = "\n".join(lines)
        if stripped.endswith(";") and not _is_open(text):
            lines = []
            yield text
    if text := "\n".join(lines).strip():
        yield text


def _is_open(text: str) -> bool:
    """Tell whether ``text`` ends inside a quoted string or a block comment."""
    try:
        duckdb.extract_statements(text)
    except duckdb.Error as error:
        return "unterminated" in str(error).lower()
    return False


def _run_query(connection: duckdb.DuckDBPyConnection, query: str) -> StepResult:
    relation = run_statement(connection, query)
    if relation is None:
        return StepResult(rows=0)
    n_rows = len(relation)
    data = [[_jsonable(value) for value in row] for row in relation.limit(JSON_ROWS).fetchall()]
    return StepResult(rows=n_rows, detail={"columns": relation.columns, "data": data, "is_whole": n_rows == len(data)})


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON knows no NaN
    return value.isoformat() if isinstance(value, date | datetime) else value


def _run_dot_command(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    command, _, argument = text.rstrip(";").partition(" ")
    if command == ".tables":
        tables = connection.sql(
            "select schema_name || '.' || view_name as name, comment from duckdb_views() where not internal "
            "union all select schema_name || '.' || table_name, comment from duckdb_tables() order by name"
        ).fetchall()
        width = max(len(name) for name, _ in tables)
        print("\n".join(f"  {name:<{width}}  {comment or ''}" for name, comment in tables))
    elif command == ".schema":
        columns = connection.sql(
            "select schema_name || '.' || table_name, column_name, data_type, comment "
            "from duckdb_columns() where not internal order by 1, column_index"
        ).fetchall()
        known = sorted({name for name, *_ in columns})
        if argument and argument.strip() not in known:
            raise QueryFailed(f"Got .schema {argument} but expected one of {', '.join(known)}. Type .tables.")
        for table in [argument.strip()] if argument else known:
            print(table)
            for name, column, type_, comment in columns:
                if name == table:
                    print(f"  {column:<18} {type_:<10} {comment or ''}")
    else:
        raise QueryFailed(
            f"Got {command!r} but expected .tables, .schema [table] or .quit. SQL does not start with a dot."
        )


def _prompt(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    nights = published_nights(settings)
    print(WELCOME.format(nights=f"{len(nights)} night{'s' if len(nights) > 1 else ''} published", newest=nights[-1]))
    n_statements = 0
    with _line_editing(settings.var_dir / "sql_history"):
        for statement in read_statements(_type_line):
            if statement.rstrip(";") in (".quit", ".exit"):
                break
            try:
                run_statement(connection, statement)
            except QueryFailed as error:
                print(error, file=sys.stderr)
            n_statements += 1
    return n_statements


def _type_line(is_continued: bool) -> str | None:
    try:
        return input("   ...> " if is_continued else "night> ") + "\n"
    except EOFError:
        print()
        return ""
    except KeyboardInterrupt:
        print("^C")
        return None


@contextlib.contextmanager
def _line_editing(history: Path) -> Iterator[None]:
    try:
        readline = importlib.import_module("readline")
    except ImportError:  # a Python built without it still has a prompt
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(1000)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(history)
