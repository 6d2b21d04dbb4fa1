"""What the types of published columns are in Arrow."""

from __future__ import annotations

import pyarrow as pa

from nightmarket.contracts import Table

ARROW_TYPES: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
}
"""By the type that a column of a table says."""


def schema_of(table: Table) -> pa.Schema:
    """Return the columns of ``table``, in their order."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])
