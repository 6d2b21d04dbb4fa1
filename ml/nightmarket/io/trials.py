"""Reads a trial's file: CSV or Parquet, a row per customer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from nightmarket.errors import SourceUnreadable
from nightmarket.sqltext import literal


def read_trial_file(path: Path, *, text_columns: tuple[str, ...] = ()) -> pa.Table:
    """Return the file's rows in its order; ``text_columns`` stay text also where every value is a number.

    Raises
    ------
    SourceUnreadable
        There is no such file, or it cannot be read as what its ending says.
    """
    readers = {".parquet": "read_parquet({file})", ".csv": "read_csv({file}, header = true, sample_size = -1)"}
    if path.suffix.lower() not in readers:
        raise SourceUnreadable(f"Got the trial {path} but expected a file ending in .csv or .parquet. Convert it.")
    if not path.is_file():
        raise SourceUnreadable(f"Got no file {path} but expected a trial's rows. Name an existing file with --trial.")
    source = readers[path.suffix.lower()].format(file=literal(str(path)))
    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1}) as connection:
        try:
            table: pa.Table = connection.execute(f"select * from {source}").to_arrow_table()
        except duckdb.Error as error:
            raise SourceUnreadable(
                f"Got {path}, which cannot be read, but expected {path.suffix.lower()[1:].upper()} with a header. "
                f"DuckDB: {error}"
            ) from error
    for name in text_columns:
        if name in table.column_names:
            position = table.column_names.index(name)
            table = table.set_column(position, name, table.column(name).cast(pa.string()))
    return table
