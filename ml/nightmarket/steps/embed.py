"""``nightmarket embed``: embed the text that this encoder has never embedded."""

from __future__ import annotations

import time
from datetime import date

import duckdb

from nightmarket.io.embeddings import (
    create_tables,
    find_missing,
    read_product_versions,
    record_encoder,
    replace_product_texts,
    store_vectors,
)
from nightmarket.io.landing import read_snapshot
from nightmarket.io.warehouse import open_warehouse, pin_snapshot
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.text.encoder_folder import EncoderFolder, bundled_encoder_dir, read_encoder_folder
from nightmarket.text.hashing import hash_text
from nightmarket.text.precision import choose_precision
from nightmarket.text.product_text import TEXT_COLUMNS, product_texts

_TEXTS_AT_ONCE = 50_000
"""Stored in one go: 77 MB of vectors at 384 dimensions. What is stored stays if the step is killed."""


def configured_encoder(settings: Settings) -> EncoderFolder:
    """Return the encoder that the settings name, read from files alone."""
    return read_encoder_folder(
        settings.encoder_dir or bundled_encoder_dir(), precision=choose_precision(settings.encoder_precision)
    )


def run(settings: Settings, *, as_of: date, snapshot_id: str) -> StepResult:  # noqa: ARG001 - every step is told its night
    """Embed the snapshot's new texts; ``rows`` counts them.

    All versions of a product's text are embedded, also those that arrive after ``as_of``: a vector
    depends on nothing but its text, and which text counts when is decided where it is read.
    """
    folder = configured_encoder(settings)
    snapshot = read_snapshot(settings, snapshot_id)
    with open_warehouse(settings, write=True) as connection:
        pin_snapshot(connection, settings, snapshot)
        create_tables(connection)
        versions = read_product_versions(connection, TEXT_COLUMNS)
        texts = product_texts(version.parts for version in versions)
        hash_of = {text: hash_text(text) for text in set(texts) if text}
        hashes = [hash_of.get(text) for text in texts]
        by_hash = {text_hash: text for text, text_hash in hash_of.items()}
        new = find_missing(connection, folder.key, sorted(by_hash))
        speed = (
            _embed(settings, connection, folder, {text_hash: by_hash[text_hash] for text_hash in new}) if new else {}
        )
        replace_product_texts(connection, snapshot_id, versions, hashes)
    return StepResult(
        rows=len(new),
        detail={
            "n_products": len({version.product_id for version in versions}),
            "n_texts": len(by_hash),
            "n_new": len(new),
            "encoder_key": folder.key,
            "precision": folder.precision,
            "dim": folder.architecture.dim,
            **speed,
        },
    )


def _embed(
    settings: Settings, connection: duckdb.DuckDBPyConnection, folder: EncoderFolder, texts: dict[str, str]
) -> dict[str, float]:
    """Embed and store; the encoder is imported here, so that a night without new text loads nothing of it."""
    from nightmarket.text.encoder import Encoder

    started = time.perf_counter()
    encoder = Encoder(folder, threads=settings.threads)
    loaded = time.perf_counter()
    record_encoder(connection, folder.key, folder.architecture.dim, folder.ingredients)
    hashes = list(texts)
    encoding = 0.0
    for first in range(0, len(hashes), _TEXTS_AT_ONCE):
        portion = hashes[first : first + _TEXTS_AT_ONCE]
        before = time.perf_counter()
        vectors = encoder.encode([texts[text_hash] for text_hash in portion])
        encoding += time.perf_counter() - before
        store_vectors(connection, folder.key, portion, vectors)
    return {
        "n_tokens": encoder.tokens_read,
        "tokens_per_second": round(encoder.tokens_read / encoding),
        "load_seconds": round(loaded - started, 3),
        "encode_seconds": round(encoding, 3),
    }
