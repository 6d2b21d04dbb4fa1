"""Text vectors in the warehouse.

``embeddings.text_vectors`` holds one row per encoder and text, for ever: a text that was embedded
once is not embedded again. ``embeddings.product_text_versions`` says which text a product carried
from which day on, per snapshot: ``embeddings.product_texts_at(snapshot, as_of)`` cuts it at an
as_of_date like every other input of a model, and the view ``embeddings.product_texts`` is the
newest version. ``embeddings.snapshots`` says of which snapshots it is kept: those embedded last, and those
of which features are kept. ``embeddings.encoders`` says what went into each encoder key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

SNAPSHOTS_TO_KEEP = 3
"""As many as dbt keeps the features of (``snapshots_to_keep`` in ``dbt_project.yml``): what a run has embedded is there
until its own transform, though two others embed in between."""


@dataclass(frozen=True)
class ProductVersion:
    """The parts of a product's text as they were known from ``arrived_date`` on."""

    product_id: str
    arrived_date: date
    parts: tuple[str | None, ...]


_TABLES = """
create schema if not exists embeddings;
create table if not exists embeddings.encoders (
    encoder_key varchar primary key, dim integer not null, ingredients varchar not null
);
create table if not exists embeddings.text_vectors (
    encoder_key varchar not null, text_hash varchar not null, vector float[] not null,
    primary key (encoder_key, text_hash)
);
create table if not exists embeddings.product_text_versions (
    snapshot_id varchar not null, product_id varchar not null, arrived_date date not null, text_hash varchar
);
create table if not exists embeddings.snapshots (snapshot_id varchar primary key, nth_run bigint not null);
create or replace macro embeddings.product_texts_at(snapshot, as_of) as table
    select product_id, text_hash
    from embeddings.product_text_versions
    where snapshot_id = snapshot and arrived_date < as_of
    qualify row_number() over (partition by product_id order by arrived_date desc) = 1 and text_hash is not null;
create or replace view embeddings.product_texts as
    select snapshot_id, product_id, text_hash
    from embeddings.product_text_versions
    qualify row_number() over (partition by snapshot_id, product_id order by arrived_date desc) = 1
        and text_hash is not null
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is not there yet."""
    connection.execute(_TABLES)


def read_product_versions(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> list[ProductVersion]:
    """Return every version of every product in ``raw.products``: of one day's versions, the last to arrive."""
    rows = connection.execute(
        f"""
        select product_id, arrived_date, {", ".join(columns)}
        from raw.products
        qualify row_number() over (
            partition by product_id, arrived_date order by arrived_at desc, {", ".join(columns)}
        ) = 1
        order by product_id, arrived_date
        """
    ).fetchall()
    return [ProductVersion(row[0], row[1], row[2:]) for row in rows]


def replace_product_texts(
    connection: duckdb.DuckDBPyConnection,
    snapshot_id: str,
    versions: Sequence[ProductVersion],
    text_hashes: Sequence[str | None],
) -> None:
    """Record which text each version carries; ``None`` where it says nothing.

    Replaces the snapshot's rows, and forgets those of snapshots that are no longer kept.
    """
    texts = pa.table(  # noqa: F841 - DuckDB reads it by name
        {
            "product_id": pa.array([v.product_id for v in versions], pa.string()),
            "arrived_date": pa.array([v.arrived_date for v in versions], pa.date32()),
            "text_hash": pa.array(text_hashes, pa.string()),
        }
    )
    connection.execute("begin")
    connection.execute("delete from embeddings.product_text_versions where snapshot_id = ?", [snapshot_id])
    connection.execute(
        "insert into embeddings.product_text_versions select ?, product_id, arrived_date, text_hash from texts",
        [snapshot_id],
    )
    _forget_snapshots(connection, snapshot_id)
    connection.execute("commit")


def _forget_snapshots(connection: duckdb.DuckDBPyConnection, newest: str) -> None:
    """Remove the texts of snapshots that were embedded long ago and of which no features are kept."""
    connection.execute(
        "insert or replace into embeddings.snapshots select ?, coalesce(max(nth_run), 0) + 1 from embeddings.snapshots",
        [newest],
    )
    kept = f"select snapshot_id from (from embeddings.snapshots order by nth_run desc limit {SNAPSHOTS_TO_KEEP})"
    if connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'intermediate' and table_name = 'int_kept_snapshots'"
    ).fetchone():
        kept += " union select snapshot_id from intermediate.int_kept_snapshots"
    for table in ("product_text_versions", "snapshots"):
        connection.execute(f"delete from embeddings.{table} where snapshot_id not in ({kept})")


def find_missing(connection: duckdb.DuckDBPyConnection, encoder_key: str, text_hashes: Sequence[str]) -> list[str]:
    """Return those of the distinct ``text_hashes`` that this encoder has not embedded, in their order."""
    known = connection.execute(
        "select text_hash from embeddings.text_vectors where encoder_key = ?", [encoder_key]
    ).fetchnumpy()["text_hash"]
    embedded = set(known.tolist())
    return [text_hash for text_hash in text_hashes if text_hash not in embedded]


def record_encoder(
    connection: duckdb.DuckDBPyConnection, encoder_key: str, dim: int, ingredients: dict[str, Any]
) -> None:
    """Record what a key stands for, once."""
    connection.execute(
        "insert or ignore into embeddings.encoders values (?, ?, ?)",
        [encoder_key, dim, json.dumps(ingredients, sort_keys=True)],
    )


def store_vectors(
    connection: duckdb.DuckDBPyConnection,
    encoder_key: str,
    text_hashes: Sequence[str],
    vectors: npt.NDArray[np.float32],
) -> None:
    """Add vectors, ``(n, dim)``, of texts that were missing."""
    n_texts, dim = vectors.shape
    flat = pa.array(vectors.reshape(-1), pa.float32())
    offsets = pa.array(np.arange(n_texts + 1, dtype=np.int32) * np.int32(dim))
    new = pa.table(  # noqa: F841 - DuckDB reads it by name
        {"text_hash": pa.array(text_hashes, pa.string()), "vector": pa.ListArray.from_arrays(offsets, flat)}
    )
    connection.execute("insert into embeddings.text_vectors select ?, text_hash, vector from new", [encoder_key])
