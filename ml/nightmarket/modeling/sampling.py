"""Fewer rows by whole customers: never by class, never by row, so rates and rankings keep their meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nightmarket.modeling.frames import Frame


def sample_customers(frames: Sequence[Frame], max_rows: int, seed: int) -> list[Frame]:
    """Return the frames to fit on, about ``max_rows`` rows in all; the same frames where they are few enough.

    Each origin draws its own customers: with the same ones in all of them, a fit would see fewer
    different households for the same number of rows.
    """
    total = sum(len(frame) for frame in frames)
    if total <= max_rows:
        return list(frames)
    random = np.random.default_rng(seed)
    samples = []
    for frame in frames:
        kept = random.random(len(frame.customer_ids)) < max_rows / total
        kept[random.integers(len(kept))] = True
        samples.append(frame.take(np.flatnonzero(kept[frame.customer])))
    return samples
