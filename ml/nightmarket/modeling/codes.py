"""Names as numbers: the distinct names of a column, and the position of each row's among them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def encode(column: pa.ChunkedArray) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Return the sorted distinct values, and each row's position among them, (n,)."""
    encoded = _dictionary(column)
    values = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(values, kind="stable")
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    return values[order], position[encoded.indices.to_numpy(zero_copy_only=False)]


def number(column: pa.ChunkedArray) -> NDArray[np.int32]:
    """Return a number for each row, (n,): equal where values are, and in no order that means anything.

    Ids of orders are many, and sorting them is what :func:`encode` takes its time for.
    """
    return np.asarray(_dictionary(column).indices.to_numpy(zero_copy_only=False), np.int32)


def positions(names: NDArray[np.object_], wanted: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return where each of ``wanted`` stands in ``names``, in the shape of ``wanted``; -1 where it does not."""
    position = {one: i for i, one in enumerate(names.tolist())}
    return np.fromiter((position.get(one, -1) for one in wanted.tolist()), np.int64, len(wanted))


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column.combine_chunks().dictionary_encode()
    # Text of more than 2 GB stays in chunks.
    return encoded.unify_dictionaries().combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
