"""Batches of one fixed shape per length, so that a text's vector does not depend on its neighbours.

A matrix kernel adds up in an order that depends on the shape of the whole batch; with the usual
batches (as many texts as there are, padded to the longest) 94 % of the vectors changed their last
bits with their company. Here a text's own token count decides its shape, and the last batch of
each shape is filled up with padding rows. See ``docs/decisions/0005-text-runs-in-fixed-shapes.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TOKENS_PER_BATCH = 256
"""On 2 cores 256, 512 and 1,024 tokens ran at the same speed; with 256 the least is spent on padding rows when only
a few texts are new."""

_SHORTEST = 8


@dataclass(frozen=True)
class Batch:
    """Texts that run together, ``members`` by position. The shape is ``rows × length``, however many they are."""

    length: int
    rows: int
    members: npt.NDArray[np.int64]


def bucket_lengths(max_length: int) -> npt.NDArray[np.int64]:
    """Return the padded lengths in use, ascending, the last at least ``max_length``.

    Steps of 2 tokens up to 64, of 8 up to 128, then of 32: product names are 5 to 40 tokens long and pad about 3 %,
    and a length that no text has costs nothing.
    """
    steps = np.concatenate([np.arange(_SHORTEST, 64, 2), np.arange(64, 128, 8), np.arange(128, max_length + 32, 32)])
    kept = steps[: int(np.searchsorted(steps, max_length)) + 1].astype(np.int64)
    kept[-1] = min(int(kept[-1]), max(max_length, _SHORTEST))
    return kept


def plan_batches(token_counts: npt.NDArray[np.int64], *, max_length: int) -> list[Batch]:
    """Deal texts out to batches by token count, longest first (so that no long one is left to the end)."""
    lengths = bucket_lengths(max_length)
    buckets = np.searchsorted(lengths, token_counts)
    batches = []
    for bucket in np.unique(buckets)[::-1]:
        length = int(lengths[bucket])
        rows = max(1, TOKENS_PER_BATCH // length)
        members = np.flatnonzero(buckets == bucket)
        batches += [Batch(length, rows, members[first : first + rows]) for first in range(0, len(members), rows)]
    return batches


def fill_batch(
    batch: Batch, token_ids: Sequence[Sequence[int]], *, pad_token_id: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return ids and mask, both ``(rows, length)``.

    A padding row is one padding token that counts, as a mean over no token would be NaN.
    """
    ids = np.full((batch.rows, batch.length), pad_token_id, np.int32)
    mask = np.zeros((batch.rows, batch.length), np.float32)
    mask[:, 0] = 1
    for row, member in enumerate(batch.members):
        tokens = token_ids[member]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
