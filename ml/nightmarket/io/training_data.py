"""Rows for training and scoring, read from the warehouse one origin at a time through Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.errors import StepMissing, TrainingRefused
from nightmarket.families.base import Family
from nightmarket.io.landing import Snapshot
from nightmarket.modeling.frames import Floats, Frame
from nightmarket.modeling.text_features import TextRows
from nightmarket.settings import Settings


def first_order_date(settings: Settings, snapshot: Snapshot, as_of: date) -> date:
    """Return the shop-local date of the first order that was known before ``as_of``.

    Raises
    ------
    TrainingRefused
        There is none.
    """
    files = [str(settings.landing_dir / file.path) for file in snapshot.tables["order_lines"].files]
    row = None
    if files:
        row = duckdb.execute(
            "select min(order_date) from read_parquet(?) where order_date < ? and arrived_date < ?",
            [files, as_of, as_of],
        ).fetchone()
    if row is None or row[0] is None:
        raise TrainingRefused(
            f"Got no orders before {as_of} in snapshot {snapshot.snapshot_id} but expected at least 140 days of them. "
            "Check the source's order_lines, or choose a later night."
        )
    first: date = row[0]
    return first


@dataclass(frozen=True)
class TextSpace:
    """Which vectors a night reads: the encoder's key and its dimension, as ``embed`` recorded them."""

    encoder_key: str
    dim: int


class FrameReader:
    """Reads origins of one family on one snapshot; the text vectors are read once, when first needed."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, family: Family, snapshot_id: str, space: TextSpace
    ) -> None:
        self._connection = connection
        self._family = family
        self._snapshot_id = snapshot_id
        self._space = space
        self._texts: tuple[pa.Array, Floats] | None = None

    def read(self, as_of: date, *, with_label: bool) -> Frame:
        """Read the eligible rows at ``as_of``; see :func:`read_frame`."""
        return read_frame(
            self._connection, self._family, snapshot_id=self._snapshot_id, as_of=as_of, with_label=with_label
        )

    def read_text(self, frame: Frame) -> TextRows:
        """Read what the frame's customers had bought, as text; see :func:`read_text_rows`."""
        if self._texts is None:
            self._texts = read_text_vectors(self._connection, self._space, snapshot_id=self._snapshot_id)
        hashes, vectors = self._texts
        return read_text_rows(
            self._connection, frame, snapshot_id=self._snapshot_id, text_hashes=hashes, vectors=vectors
        )


def read_frame(
    connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date, with_label: bool
) -> Frame:
    """Read the eligible rows of ``family`` at ``as_of``, sorted by their keys.

    A labelled frame may be empty: nobody was eligible at that origin, and the training does without it.

    Raises
    ------
    StepMissing
        ``transform`` did not build this date on this snapshot, or its label window is not closed.
    """
    columns = ", ".join(f"cast(f.{name} as float) as {name}" for name in family.behaviour_columns)
    keys = ", ".join(f"f.{key}" for key in family.keys)
    label, join = "", ""
    if with_label:
        _need_closed_window(connection, family, snapshot_id=snapshot_id, as_of=as_of)
        label = f", (l.{family.keys[0]} is not null)::utinyint as label"
        join = f"left join {family.label_table} as l using (snapshot_id, as_of_date, {', '.join(family.keys)})"
    table = connection.execute(
        f"select {keys}, {columns}{label} from {family.feature_view} as f {join} "
        "where f.snapshot_id = ? and f.as_of_date = ?",
        [snapshot_id, as_of],
    ).to_arrow_table()
    if table.num_rows == 0 and not with_label:
        raise StepMissing(
            f"Got no rows in {family.feature_view} for {as_of} on snapshot {snapshot_id}, expected the eligible rows "
            "of that date. Run `nightmarket transform` for this night first, or `make nightly`."
        )
    return _frame(table, family, as_of, with_label=with_label)


def read_text_vectors(
    connection: duckdb.DuckDBPyConnection, space: TextSpace, *, snapshot_id: str
) -> tuple[pa.Array, Floats]:
    """Return the distinct text hashes of the snapshot, sorted, and their vectors (n_texts, dim)."""
    has_text = connection.execute(
        "select count(*) from embeddings.product_text_versions where snapshot_id = ? and text_hash is not null",
        [snapshot_id],
    ).fetchone()
    table = connection.execute(
        "select text_hash, vector from embeddings.text_vectors where encoder_key = ? and text_hash in "
        "(select text_hash from embeddings.product_text_versions where snapshot_id = ?) order by text_hash",
        [space.encoder_key, snapshot_id],
    ).to_arrow_table()
    if table.num_rows == 0 and has_text == (0,):  # a shop whose products have no text at all
        return pa.array([], pa.string()), np.zeros((0, space.dim), np.float32)
    if table.num_rows == 0:
        raise StepMissing(
            f"Got no text vectors of encoder {space.encoder_key} for snapshot {snapshot_id}, expected those of its "
            "products. Run `nightmarket embed` for this night first."
        )
    vectors = table.column("vector").combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return table.column("text_hash").combine_chunks(), flat.reshape(table.num_rows, -1)


def read_text_rows(
    connection: duckdb.DuckDBPyConnection,
    frame: Frame,
    *,
    snapshot_id: str,
    text_hashes: pa.Array,
    vectors: Floats,
) -> TextRows:
    """Read what the frame's customers had bought before its origin, summed per distinct text."""
    connection.register("frame_customers", _codes("customer_id", frame.customer_ids))
    connection.register("frame_categories", _codes("category_id", frame.category_ids))
    connection.register("frame_texts", _codes("text_hash", text_hashes))
    try:
        found = connection.execute(
            """
            select
                c.code as customer,
                coalesce(k.code, -1) as category,
                t.code as text,
                sum(b.decayed_orders)::double as weights,
                sum(b.n_orders)::double as orders
            from features.ftr_customer_text as b
            inner join frame_customers as c on b.customer_id = c.customer_id
            inner join embeddings.product_texts_at(?, ?) as p on b.product_id = p.product_id
            inner join frame_texts as t on p.text_hash = t.text_hash
            left join frame_categories as k on b.category_id = k.category_id
            where b.snapshot_id = ? and b.as_of_date = ?
            group by all
            """,
            [snapshot_id, frame.as_of_date, snapshot_id, frame.as_of_date],
        ).fetchnumpy()
    finally:
        for name in ("frame_customers", "frame_categories", "frame_texts"):
            connection.unregister(name)
    return TextRows(
        customer=np.asarray(found["customer"], np.int64),
        category=np.asarray(found["category"], np.int64),
        text=np.asarray(found["text"], np.int64),
        weights=np.asarray(found["weights"], np.float64),
        orders=np.asarray(found["orders"], np.float64),
        vectors=vectors,
    )


def _need_closed_window(
    connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date
) -> None:
    row = connection.execute(
        f"select is_closed from {family.label_table}__windows where snapshot_id = ? and as_of_date = ?",
        [snapshot_id, as_of],
    ).fetchone()
    if row is None or not row[0]:
        raise StepMissing(
            f"Got {'no' if row is None else 'an open'} label window for {as_of} on snapshot {snapshot_id}, expected a "
            f"closed one of {family.horizon_days} days. Run `nightmarket transform --for-training` for this night "
            "first."
        )


def _frame(table: pa.Table, family: Family, as_of: date, *, with_label: bool) -> Frame:
    customer_ids, customer = _encode(table.column(family.keys[0]))
    category_ids, category = _encode(table.column(family.keys[1]))
    order = np.lexsort((category, customer))
    columns: dict[str, Floats] = {}
    for name in family.behaviour_columns:
        columns[name] = table.column(name).to_numpy()[order].astype(np.float32, copy=False)
    label = table.column("label").to_numpy()[order].astype(np.uint8) if with_label else None
    return Frame(as_of, customer_ids, category_ids, customer[order], category[order], columns, label)


def _encode(column: pa.ChunkedArray) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Return the sorted distinct values and each row's position among them."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    values = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(values, kind="stable")
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    return values[order], position[encoded.indices.to_numpy(zero_copy_only=False)]


def _codes(name: str, values: Sequence[Any] | pa.Array) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()), "code": pa.array(np.arange(len(values), dtype=np.int32))})
