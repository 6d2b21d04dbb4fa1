"""The text of a scratch world: what its products say, with the vectors of the warehouse that is judged."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np

from nightmarket.io.embeddings import (
    create_tables,
    find_missing,
    read_product_versions,
    replace_product_texts,
    store_vectors,
)
from nightmarket.io.training_data import TextSpace
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.frames import Floats
from nightmarket.settings import Settings
from nightmarket.text.hashing import hash_text
from nightmarket.text.product_text import TEXT_COLUMNS, product_texts


def embed_world(judged: Settings, scratch: Settings, snapshot_id: str, space: TextSpace) -> None:
    """Fill ``embeddings.*`` of the scratch warehouse from its ``raw.products``, as ``nightmarket embed`` would.

    A vector depends on nothing but its text, so known ones are copied. An invented text gets an invented vector,
    far from all others: whether it is one that an encoder would give does not matter, only that nothing moves.
    """
    with open_warehouse(scratch, write=True) as connection:
        create_tables(connection)
        versions = read_product_versions(connection, TEXT_COLUMNS)
        texts = product_texts(version.parts for version in versions)
        hashes = [hash_text(text) if text else None for text in texts]
        replace_product_texts(connection, snapshot_id, versions, hashes)
        wanted = sorted({text_hash for text_hash in hashes if text_hash is not None})
        _copy_vectors(judged, connection, space, wanted)
        missing = find_missing(connection, space.encoder_key, wanted)
        if missing:
            store_vectors(connection, space.encoder_key, missing, _invented(missing, space.dim))


def _copy_vectors(judged: Settings, connection: duckdb.DuckDBPyConnection, space: TextSpace, wanted: list[str]) -> None:
    with open_warehouse(judged) as stored:
        found = stored.execute(  # noqa: F841 - DuckDB reads it by name
            "select encoder_key, text_hash, vector from embeddings.text_vectors "
            "where encoder_key = ? and text_hash in (select unnest(?))",
            [space.encoder_key, wanted],
        ).to_arrow_table()
    connection.execute("insert or ignore into embeddings.text_vectors select * from found")


def _invented(text_hashes: list[str], dim: int) -> Floats:
    rows = [
        np.random.default_rng(int.from_bytes(hashlib.sha256(text_hash.encode()).digest()[:8], "big")).normal(size=dim)
        for text_hash in text_hashes
    ]
    return np.asarray(rows, np.float32) * np.float32(10)
