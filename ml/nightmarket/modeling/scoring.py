"""From a frame and scorers to the rows that are published. Pure: frame in, Arrow table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.families.base import Family, Kind
from nightmarket.modeling.arrow_types import ARROW_TYPES, schema_of
from nightmarket.modeling.explain import reason_sentences, top_rows
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.tournament import Scorer

N_REASONS = 3


def score_frame(
    frame: Frame,
    scorers: Mapping[str, Scorer],
    family: Family,
    *,
    top_k: int | None,
    model_version: str,
    run_id: str,
) -> pa.Table:
    """Return the published columns of the rows of ``frame``, sorted by the family's keys.

    Parameters
    ----------
    scorers : by head; the columns of a head that has none are null
    top_k : keep only each customer's K rows with the greatest primary forecast; equal ones by the second
        key, ascending. None: all.
    """
    forecasts = {name: scorer.forecast(frame) for name, scorer in scorers.items()}
    value = forecasts[family.primary.name].value
    explained = top_rows(frame.customer, frame.item, value, max(family.n_reasons_top, top_k or 0))
    reasons = _reasons(frame, scorers[family.primary.name], family, explained)
    kept = np.arange(len(frame))
    if top_k is not None:
        kept = np.sort(top_rows(frame.customer, frame.item, value, top_k))
    n = len(kept)
    keys = ((frame.customer_ids, frame.customer), (frame.item_ids, frame.item))
    columns: dict[str, pa.Array] = {
        name: _take(ids, codes[kept]) for name, (ids, codes) in zip(family.key_names, keys, strict=False)
    }
    columns["as_of_date"] = pa.repeat(pa.scalar(frame.as_of_date, pa.date32()), n)
    columns["horizon_days"] = _horizons(frame, family, kept)
    predictions = _predictions(frame, forecasts, family)
    for column in family.predictions:
        columns[column.name] = _arrow(predictions.get(column.name), column.type, kept)
    for i, sentences in enumerate(reasons):
        columns[f"reason_{i + 1}"] = pa.array(sentences[kept], pa.string())
    columns["model_version"] = pa.repeat(model_version, n)
    columns["run_id"] = pa.repeat(run_id, n)
    return pa.table(columns)


def no_rows(family: Family) -> pa.Table:
    """Return the published columns without a row: there was nothing to predict, or nothing to predict it with."""
    return schema_of(family.table).empty_table()


def _horizons(frame: Frame, family: Family, kept: NDArray[np.int64]) -> pa.Array:
    if family.horizon_feature is None:
        return pa.repeat(pa.scalar(family.horizon_days, pa.int32()), len(kept))
    return pa.array(frame.columns[family.horizon_feature][kept].astype(np.int32))


def _predictions(
    frame: Frame, forecasts: Mapping[str, Forecast], family: Family
) -> dict[str, NDArray[np.generic] | None]:
    found: dict[str, NDArray[np.generic] | None] = {}
    for head in family.heads:
        forecast = forecasts.get(head.name)
        if forecast is None:
            continue
        found[head.name] = forecast.value
        if head.kind is Kind.AMOUNT:
            found[f"{head.name}_low"], found[f"{head.name}_high"] = forecast.low, forecast.high
    if family.describe is not None:
        found |= family.describe(frame, forecasts)
    return found


def _arrow(values: NDArray[np.generic] | None, sql_type: str, kept: NDArray[np.int64]) -> pa.Array:
    arrow_type = ARROW_TYPES[sql_type]
    if values is None:
        return pa.nulls(len(kept), arrow_type)
    # An undefined number is null: NaN sorts above every number in SQL.
    return pa.array(values[kept], from_pandas=True).cast(arrow_type)


def _reasons(frame: Frame, scorer: Scorer, family: Family, rows: NDArray[np.int64]) -> Sequence[NDArray[np.object_]]:
    if family.make_reasons is not None:
        sentences = family.make_reasons(frame, rows)
    else:
        group = np.asarray([family.reason_of_feature[name] for name in scorer.model.features])
        found, _ = scorer.model.contributions(frame, rows, group)
        # What the model never reads is no reason, however true it is of the row.
        read = np.unique(group)
        facts = {name: frame.columns[name][rows] for name in family.feature_columns}
        sentences = reason_sentences(found[:, read], facts, [family.reasons[i] for i in read], N_REASONS)
    columns = [np.full(len(frame), None, dtype=object) for _ in range(N_REASONS)]
    for i, column in enumerate(columns):
        column[rows] = [row[i] for row in sentences]
    return columns


def _take(ids: NDArray[np.object_], codes: NDArray[np.int32]) -> pa.Array:
    return pa.array(ids, pa.string()).take(pa.array(codes))
