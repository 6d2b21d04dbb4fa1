"""CSV files, read line by line into text: a line that cannot be read is set aside, none is lost.

Nothing is guessed: separator and header are given, the quote is ``"`` and doubled inside a value, the
encoding is UTF-8. Every physical line of the file is accounted for afterwards.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from nightmarket.errors import SourceUnreadable
from nightmarket.sources.base import InputFile
from nightmarket.sqltext import literal


def read_csv(connection: duckdb.DuckDBPyConnection, file: InputFile, name: str) -> None:
    """Read ``file`` into the table ``name`` (columns ``c0``, ``c1``, ... of text) and ``rejects_of(name)``.

    Raises
    ------
    SourceUnreadable
        Lines are neither read nor set aside, or the file is gone.
    """
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(file.header)))
    number = name.rpartition("f")[2]
    connection.execute(
        f"create table {name} as select * from read_csv(?, auto_detect = false, header = true, "
        f"""delim = {literal(file.separator)}, quote = '"', escape = '"', columns = {{{columns}}}, """
        "store_rejects = true, rejects_limit = 0, null_padding = false, strict_mode = true, "
        f"rejects_table = 'reject_errors_{number}', rejects_scan = 'reject_scans_{number}')",
        [str(file.path)],
    )
    # A line can have several faults; the first names it.
    connection.execute(
        f"create table {rejects_of(name)} as "
        "select trim(any_value(coalesce(csv_line, '')), chr(13) || chr(10)) as text, "
        f"min(lower(replace(error_type::varchar, ' ', '_'))) as fault from reject_errors_{number} "
        "group by line_byte_position"
    )
    _account(connection, file, name)


def rejects_of(name: str) -> str:
    """Return the name of the table of lines that could not be read into the table ``name``."""
    return name.replace(".f", ".rejects_f")


def count_lines(path: Path) -> tuple[int, int]:
    """Return the number of lines of a file, and how many of them are blank."""
    lines = blank = 0
    with path.open("rb") as file:
        for line in file:
            lines += 1
            blank += not line.strip()
    return lines, blank


def _account(connection: duckdb.DuckDBPyConnection, file: InputFile, name: str) -> None:
    try:
        lines, blank = count_lines(file.path)
    except OSError as error:
        raise SourceUnreadable(
            f"Got {file.path} gone while it was read ({error.strerror}) but expected it to stay. Put it back and run "
            "`nightmarket land` again."
        ) from error
    inside = " + ".join(
        f"coalesce(length(c{n}) - length(replace(c{n}, chr(10), '')), 0)" for n in range(len(file.header))
    )
    within = "length(text) - length(replace(text, chr(10), ''))"
    row = connection.execute(
        f"select (select count(*) + coalesce(sum({inside}), 0) from {name}), "
        f"(select count(*) + coalesce(sum({within}), 0) from {rejects_of(name)})"
    ).fetchone()
    read, rejected = (int(row[0]), int(row[1])) if row else (0, 0)
    lost = lines - 1 - read - rejected
    if not 0 <= lost <= blank:
        raise SourceUnreadable(
            f"Got {file.path} with {lines - 1} lines of which {read} were read and {rejected} set aside but expected "
            "every line to be one or the other. Its quotes do not match up; export it again with every quote inside a "
            'value doubled ("").'
        )
