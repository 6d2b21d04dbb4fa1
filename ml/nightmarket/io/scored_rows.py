"""The staged Parquet of a score table: the same rows are the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_scored_rows(path: Path, table: pa.Table) -> None:
    """Replace ``path`` by ``table`` in one step, with settings that do not depend on the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(
        table.replace_schema_metadata(None),
        beside,
        compression="zstd",
        compression_level=3,
        row_group_size=122_880,
        use_dictionary=[field.name for field in table.schema if field.type == pa.string()],
        write_statistics=True,
        store_schema=False,
        version="2.6",
        data_page_version="1.0",
    )
    beside.replace(path)
