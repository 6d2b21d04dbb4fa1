"""A table that a step left staged for the night, beside the night before's, to corrupt and to check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.contracts import Table
from nightmarket.quality.batches import staged_batch
from nightmarket.quality.outcomes import SuiteOutcome
from nightmarket.quality.suites import Suite
from nightmarket.quality.validation import Batch, validate

AS_OF = date(2024, 6, 1)
SNAPSHOT_ID = "0123456789abcdef"
RUN_ID = "feedfeedfeedfeed"
NIGHT_FACTS: Mapping[str, Any] = {
    "as_of_date": AS_OF,
    "snapshot_id": SNAPSHOT_ID,
    "run_id": RUN_ID,
    "previous_night": AS_OF - timedelta(days=1),
}
"""What the suites of every staged table are told."""


@dataclass(frozen=True)
class StagedShop:
    """One table in memory, in ``staged`` and as it was the night before in ``previous``; what its step recorded."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    recorded: Mapping[str, Any]

    def corrupt(self, sql: str) -> None:
        self.connection.execute(sql)

    def check(self, suite: Suite, **facts: Any) -> SuiteOutcome:
        batch = batch_of_staged(self.connection, self.folder, suite, {**NIGHT_FACTS, **self.recorded, **facts})
        return validate(self.connection, [batch])[0]


def batch_of_staged(
    connection: duckdb.DuckDBPyConnection, folder: Path, suite: Suite, facts: Mapping[str, Any]
) -> Batch:
    """Write ``staged`` and ``previous`` to ``folder``, as a check finds them, and return their batch."""
    staged, previous = folder / "staged.parquet", folder / "previous.parquet"
    connection.execute(f"copy staged to '{staged}'; copy previous to '{previous}'")
    return staged_batch(connection, suite, facts, staged=staged, previous=previous)


def decided_shop(
    folder: Path, table: Table, values: Mapping[str, str], rows: str, **recorded: Any
) -> Iterator[StagedShop]:
    """Yield the same decisions of tonight and the night before: ``values`` is the SQL of each column, from ``rows``."""
    columns = ", ".join(f"cast({values[one.name]} as {one.type}) as {one.name}" for one in table.columns)
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for name in ("staged", "previous"):
            connection.execute(f"create table {name} as select {columns} from {rows}")
        yield StagedShop(connection, folder, recorded)
