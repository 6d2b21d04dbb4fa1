"""The text of products at any origin, as small unit vectors: what a young product is compared with older ones by."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from nightmarket.io.training_data import TextSpace, read_text_vectors

N_DIMENSIONS = 64
"""Of the random projection: similarities move by about .1, and panels are a sixth as large."""


class PanelTexts:
    """Reads the versions of every product's text once.

    The vectors are projected at random (Johnson & Lindenstrauss, 1984), not by a learned map: one that was learned on
    the whole catalogue would know the texts that come later.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot_id: str, space: TextSpace) -> None:
        hashes, vectors = read_text_vectors(connection, space, snapshot_id=snapshot_id)
        projection = np.random.default_rng(0).standard_normal((space.dim, N_DIMENSIONS)).astype(np.float32)
        small = vectors @ projection
        length = np.linalg.norm(small, axis=1, keepdims=True)
        # The last row is of products without a text, which are like nothing.
        self._vectors = np.ascontiguousarray(
            np.vstack([small / np.maximum(length, 1e-9), np.zeros((1, N_DIMENSIONS), np.float32)])
        )
        row_of = {name: row for row, name in enumerate(hashes.to_pylist())}
        rows = connection.execute(
            "select product_id, arrived_date, text_hash from embeddings.product_text_versions "
            "where snapshot_id = ? order by product_id, arrived_date, text_hash",
            [snapshot_id],
        ).fetchall()
        self._versions: dict[str, list[tuple[date, int]]] = {}
        for product, arrived, text_hash in rows:
            self._versions.setdefault(product, []).append((arrived, row_of.get(text_hash, -1)))

    def add_to(self, digest: hashlib._Hash) -> None:
        """Add all that any origin may read to a hash."""
        digest.update(self._vectors.data)
        told = {product: [(str(day), row) for day, row in versions] for product, versions in self._versions.items()}
        digest.update(json.dumps(told).encode())

    def at(self, as_of: date, product_ids: NDArray[np.object_]) -> NDArray[np.float32]:
        """Return the vector of each product's newest text that had arrived before ``as_of``, (n, 64); 0 without one."""
        rows = [
            next((row for arrived, row in reversed(self._versions.get(product, ())) if arrived < as_of), -1)
            for product in product_ids
        ]
        found: NDArray[np.float32] = self._vectors[rows]
        return found
