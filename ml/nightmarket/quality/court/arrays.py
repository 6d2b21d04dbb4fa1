"""Comparing what Python makes of the tables: frames, learned spaces and scores, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame
from nightmarket.quality.court.comparison import ABSENT, ROW, Difference


def compare_frames(family: str, stored: Frame, rebuilt: Frame) -> list[Difference]:
    """Return how the rows or features of one origin differ: one difference, about the first row and column."""
    name = f"frame of {family}"
    for what, left, right in (
        ("customer_id", stored.customer_ids, rebuilt.customer_ids),
        ("item", stored.item_ids, rebuilt.item_ids),
    ):
        alone = sorted({*left.tolist()} ^ {*right.tolist()})
        if alone:
            before, after = ("there", ABSENT) if alone[0] in left else (ABSENT, "there")
            return [Difference(name, ROW, stored.as_of_date, {what: alone[0]}, before, after, len(alone), ())]
    if not (np.array_equal(stored.customer, rebuilt.customer) and np.array_equal(stored.item, rebuilt.item)):
        return [_other_rows(name, stored.as_of_date, len(stored), len(rebuilt))]
    moved = {
        column: rows
        for column in sorted({*stored.columns, *rebuilt.columns})
        if len(rows := differing(stored.columns.get(column), rebuilt.columns.get(column)))
    }
    if not moved:
        return []
    column, rows = next(iter(moved.items()))
    first = int(rows[0])
    key = {"customer_id": stored.customer_ids[stored.customer[first]], "item": stored.item_ids[stored.item[first]]}
    before, after = (_at(frame.columns.get(column), first) for frame in (stored, rebuilt))
    return [Difference(name, column, stored.as_of_date, key, before, after, len(rows), tuple(moved))]


def compare_tables(name: str, as_of_date: date, stored: pa.Table, rebuilt: pa.Table) -> list[Difference]:
    """Return how two Arrow tables of the same columns, in the same order of rows, differ."""
    if stored.num_rows != rebuilt.num_rows:
        return [_other_rows(name, as_of_date, stored.num_rows, rebuilt.num_rows)]
    moved = {}
    for column in stored.column_names:
        left, right = (table.column(column).combine_chunks() for table in (stored, rebuilt))
        if left.equals(right) and not pa.types.is_floating(left.type):
            continue
        rows = differing(_plain(left), _plain(right))
        if len(rows):
            moved[column] = rows
    if not moved:
        return []
    column, rows = next(iter(moved.items()))
    first = int(rows[0])
    keys = [key for key in stored.column_names if key.endswith("_id") and key != "run_id"]
    key = {name: stored.column(name)[first].as_py() for name in keys}
    before, after = (table.column(column)[first].as_py() for table in (stored, rebuilt))
    return [Difference(name, column, as_of_date, key, before, after, len(rows), tuple(moved))]


def compare_spaces(
    name: str, as_of_date: date, stored: Mapping[str, NDArray[Any]], rebuilt: Mapping[str, NDArray[Any]]
) -> list[Difference]:
    """Return how two learned spaces differ: the first array, by name, of other shape or bits."""
    moved = [key for key in sorted({*stored, *rebuilt}) if len(differing(stored.get(key), rebuilt.get(key)))]
    if not moved:
        return []
    left, right = stored.get(moved[0]), rebuilt.get(moved[0])
    before, after = (ABSENT if array is None else f"{array.shape}, sum {array.sum():.9g}" for array in (left, right))
    return [Difference(name, moved[0], as_of_date, {}, before, after, len(differing(left, right)), tuple(moved))]


def differing(left: NDArray[Any] | None, right: NDArray[Any] | None) -> NDArray[np.int64]:
    """Return the flat positions at which two arrays differ in a bit; all of them where their shapes do."""
    if left is None or right is None or left.shape != right.shape or left.dtype != right.dtype:
        whole = left if left is not None else right
        return np.arange(0 if whole is None else max(whole.size, 1), dtype=np.int64)
    if left.dtype == object:
        return np.flatnonzero(left.ravel() != right.ravel())
    width = left.dtype.itemsize
    if left.size == 0:
        return np.zeros(0, np.int64)
    bits = [np.ascontiguousarray(array).view(np.uint8).reshape(-1, width) for array in (left, right)]
    return np.flatnonzero((bits[0] != bits[1]).any(axis=1))


def _other_rows(name: str, as_of_date: date, n_stored: int, n_rebuilt: int) -> Difference:
    n_rows = abs(n_stored - n_rebuilt)
    return Difference(name, ROW, as_of_date, {}, f"{n_stored} rows", f"{n_rebuilt} rows", n_rows, ())


def _plain(array: pa.Array) -> NDArray[Any]:
    if pa.types.is_floating(array.type) and array.null_count == 0:
        return np.asarray(array.to_numpy(zero_copy_only=False))
    return np.asarray([str(value) for value in array.to_pylist()], dtype=object)


def _at(column: NDArray[Any] | None, row: int) -> Any:
    return ABSENT if column is None else column[row].item()
