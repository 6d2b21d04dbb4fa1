"""The last look at a staged file: is it the table that it says it is?

What its values may be is for ``expectations/``; this only guards what the store itself relies on.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from nightmarket.errors import PublishRefused
from nightmarket.families import SERVED_TABLES


def validate_staged(name: str, path: Path, as_of: date) -> int:
    """Return the rows of a staged file that fits ``SERVED_TABLES[name]``.

    Raises
    ------
    PublishRefused
        Unknown table, missing file, other columns or types, no rows, rows of another night, or a
        key that occurs twice.
    """
    if name not in SERVED_TABLES:
        raise PublishRefused(
            f"Got a staged table {name!r} but expected one of {sorted(SERVED_TABLES)}. "
            "Its family declares it; docs/adding/score-table.md says how."
        )
    if not path.exists():
        raise PublishRefused(f"Got no file {path}, expected the staged {name}. Run `nightmarket score` for this night.")
    table = SERVED_TABLES[name]
    key = ", ".join(table.key)
    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 2}) as connection:
        staged = connection.read_parquet(str(path), hive_partitioning=False)
        got = [f"{column} {type_}" for column, type_ in zip(staged.columns, staged.types, strict=True)]
        expected = [f"{column.name} {column.type}" for column in table.columns]
        if got != expected:
            raise PublishRefused(
                f"Got {path.name} with columns ({', '.join(got)}), expected ({', '.join(expected)}) as SERVED_TABLES "
                "has them. Mend the score step, or the contract, and score again."
            )
        row = connection.execute(
            f"select count(*), count(*) filter (as_of_date is distinct from ?), count(distinct ({key})) "
            f"from read_parquet(?, hive_partitioning = false)",
            [as_of, str(path)],
        ).fetchone()
    n_rows, n_other_nights, n_keys = row or (0, 0, 0)
    if n_rows == 0 and not table.may_be_empty:
        raise PublishRefused(f"Got 0 rows of {name} for {as_of}, expected some. Look at the records of the night.")
    if n_other_nights:
        raise PublishRefused(
            f"Got {n_other_nights} rows of {name} that are not of {as_of}, expected that night only. Score it again."
        )
    if n_keys != n_rows:
        raise PublishRefused(
            f"Got {n_rows} rows of {name} with {n_keys} distinct ({key}), expected each key once. Score it again."
        )
    return int(n_rows)
