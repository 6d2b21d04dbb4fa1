"""From a frame and a scorer to the rows that are published. Pure: frame in, Arrow table out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.families.base import Family
from nightmarket.modeling.explain import reason_sentences, top_rows
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.tournament import Scorer


def score_frame(
    frame: Frame, scorer: Scorer, family: Family, *, top_k: int | None, model_version: str, run_id: str
) -> pa.Table:
    """Return the published columns for every row of ``frame``, sorted by the family's keys.

    Parameters
    ----------
    top_k : keep only each customer's K most probable categories; equal ones by category_id. None: all.
    """
    probability = scorer.probabilities(frame)
    explained = top_rows(frame.customer, frame.category, probability, max(family.n_reasons_top, top_k or 0))
    reasons = _reasons(frame, scorer, family, explained)
    kept = np.arange(len(frame))
    if top_k is not None:
        kept = np.sort(top_rows(frame.customer, frame.category, probability, top_k))
    n = len(kept)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        family.keys[0]: _take(frame.customer_ids, frame.customer[kept]),
        family.keys[1]: _take(frame.category_ids, frame.category[kept]),
        "as_of_date": pa.repeat(pa.scalar(frame.as_of_date, pa.date32()), n),
        "horizon_days": pa.repeat(pa.scalar(family.horizon_days, pa.int32()), n),
        "probability": pa.array(probability[kept]),
    }
    for i, column in enumerate(reasons):
        columns[f"reason_{i + 1}"] = pa.array(column[kept], pa.string())
    columns["model_version"] = pa.repeat(model_version, n)
    columns["run_id"] = pa.repeat(run_id, n)
    return pa.table(columns)


def _reasons(frame: Frame, scorer: Scorer, family: Family, rows: NDArray[np.int64]) -> Sequence[NDArray[np.object_]]:
    group = np.asarray([family.reason_of_feature[name] for name in scorer.model.features])
    found, _ = scorer.model.contributions(frame, rows, group)
    # What the model never reads is no reason, however true it is of the row.
    read = np.unique(group)
    facts = {name: frame.columns[name][rows] for name in family.feature_columns}
    sentences = reason_sentences(found[:, read], facts, [family.reasons[i] for i in read])
    columns = [np.full(len(frame), None, dtype=object) for _ in range(3)]
    for i, column in enumerate(columns):
        column[rows] = [row[i] for row in sentences]
    return columns


def _take(ids: NDArray[np.object_], codes: NDArray[np.int32]) -> pa.Array:
    return pa.array(ids, pa.string()).take(pa.array(codes))
