"""Rows for training and scoring, read from the warehouse one origin at a time through Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from nightmarket.errors import StepMissing, TrainingRefused
from nightmarket.families.base import Family
from nightmarket.io.campaign_texts import read_bought_texts, read_coupon_texts
from nightmarket.io.landing import Snapshot
from nightmarket.io.view_rows import read_cut_rows, read_view
from nightmarket.modeling.frames import Floats, Frame, attach_outcomes
from nightmarket.modeling.text_features import TextRows
from nightmarket.settings import Settings

if TYPE_CHECKING:
    from nightmarket.families.base import Space


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
    """Reads origins of one family on one snapshot, and all that the family derives its features from.

    The text vectors and the history of order lines are read once, when first needed. ``night`` is the
    night whose ``transform`` built them.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        family: Family,
        snapshot_id: str,
        space: TextSpace,
        *,
        night: date,
    ) -> None:
        self._connection = connection
        self._family = family
        self._snapshot_id = snapshot_id
        self._space = space
        self._night = night
        self._texts: tuple[pa.Array, Floats] | None = None

    def fork(self) -> FrameReader:
        """Return a reader of the same rows on a cursor of its own, for another thread; it shares the text vectors."""
        forked = FrameReader(self._connection.cursor(), self._family, self._snapshot_id, self._space, night=self._night)
        if self._family.uses_text:
            forked._texts = self.text_vectors()
        return forked

    def read(self, as_of: date, *, with_label: bool, cuts: Sequence[date] = ()) -> Frame:
        """Return the eligible rows at ``as_of``, sorted by their keys, before ``derive``.

        A labelled frame may be empty: nobody was eligible at that origin, and the training does without it. So may
        one of a family that a shop may have nothing for.

        Parameters
        ----------
        cuts : of a family whose rows have cuts of their own, those of the origin; default: ``as_of`` alone. The
            night itself, without labels, gives the open rows.

        Raises
        ------
        StepMissing
            ``transform`` did not build this date on this snapshot, or the label window of the primary
            head is not closed.
        """
        family = self._family
        if family.build is not None:
            frame = family.build(self, as_of)
        elif family.cut_column is not None:
            is_of_night = as_of == self._night and not with_label
            frame = read_cut_rows(
                self._connection,
                family,
                snapshot_id=self._snapshot_id,
                night=self._night,
                as_of=as_of,
                cuts=None if is_of_night else cuts or (as_of,),
            )
        else:
            frame = read_view(self._connection, family, snapshot_id=self._snapshot_id, as_of=as_of)
        if len(frame) == 0 and not with_label and not family.is_optional:
            raise StepMissing(
                f"Got no rows of {family.name} for {as_of} on snapshot {self._snapshot_id}, expected the eligible rows "
                "of that date. Run `nightmarket transform` for this night first, or `make nightly`."
            )
        if not with_label:
            return frame
        return read_outcomes(self._connection, family, frame, snapshot_id=self._snapshot_id, night=self._night)

    def derive(self, frame: Frame, fitted: Space) -> Frame:
        """Return ``frame`` with the family's derived features."""
        return frame if self._family.derive is None else self._family.derive(frame, self, fitted)

    def fit_space(self, frame: Frame) -> Space:
        """Return what features are derived with, fitted on ``frame``'s origin."""
        return {} if self._family.fit_space is None else self._family.fit_space(frame, self)

    def text_rows(self, frame: Frame) -> TextRows:
        """Return what the frame's customers had bought, as text; see :func:`read_text_rows`."""
        hashes, vectors = self.text_vectors()
        return read_text_rows(
            self._connection, frame, snapshot_id=self._snapshot_id, text_hashes=hashes, vectors=vectors
        )

    def text_vectors(self) -> tuple[pa.Array, Floats]:
        """Return the distinct text hashes and vectors of the snapshot; see :func:`read_text_vectors`."""
        if self._texts is None:
            self._texts = read_text_vectors(self._connection, self._space, snapshot_id=self._snapshot_id)
        return self._texts

    def order_lines(self, as_of: date) -> pa.Table:
        """Return every order line known at ``as_of``, in its newest version then; see ``ftr_known_order_lines``."""
        return self._connection.execute(
            "select l.customer_id, l.product_id, p.category_id, l.order_id, l.order_date, "
            "l.quantity::double as quantity, l.sales_amount::double as sales_amount "
            "from features.ftr_known_order_lines as l "
            "left join features.ftr_known_products as p on p.snapshot_id = l.snapshot_id "
            "and p.as_of_date = l.as_of_date and p.product_id = l.product_id "
            "and p.arrived_date < $as_of and p.superseded_date >= $as_of "
            "where l.snapshot_id = $snapshot_id and l.as_of_date = $night "
            "and l.order_date < $as_of and l.arrived_date < $as_of and l.superseded_date >= $as_of",
            {"as_of": as_of, "snapshot_id": self._snapshot_id, "night": self._night},
        ).to_arrow_table()

    def products(self, as_of: date) -> pa.Table:
        """Return the catalogue as known at ``as_of``, with the hash of each product's text then (or null)."""
        return self._connection.execute(
            "select p.product_id, p.category_id, p.product_name, p.is_ware, t.text_hash "
            "from features.ftr_known_products as p "
            "left join embeddings.product_texts_at($snapshot_id, $as_of) as t on t.product_id = p.product_id "
            "where p.snapshot_id = $snapshot_id and p.as_of_date = $night "
            "and p.arrived_date < $as_of and p.superseded_date >= $as_of order by p.product_id",
            {"as_of": as_of, "snapshot_id": self._snapshot_id, "night": self._night},
        ).to_arrow_table()

    def coupon_texts(self, cut: date) -> pa.Table:
        """Return the texts of every campaign's coupons; see :func:`read_coupon_texts`."""
        return read_coupon_texts(self._connection, snapshot_id=self._snapshot_id, night=self._night, cut=cut)

    def bought_texts(self, customers: pa.Array, cut: date) -> pa.Table:
        """Return what ``customers`` had bought before ``cut``, as text; see :func:`read_bought_texts`."""
        hashes, _ = self.text_vectors()
        return read_bought_texts(
            self._connection, customers, hashes, snapshot_id=self._snapshot_id, night=self._night, cut=cut
        )


def read_outcomes(
    connection: duckdb.DuckDBPyConnection, family: Family, frame: Frame, *, snapshot_id: str, night: date
) -> Frame:
    """Return ``frame`` with the outcomes of every head.

    A head whose outcome is a column is undefined where the label table says null.

    Raises
    ------
    StepMissing
        The primary head's label window is not built or not closed, or it was built for another night.
    """
    if family.cut_column is None:
        as_of = frame.as_of_date
        _need_closed_window(connection, family, snapshot_id=snapshot_id, as_of=as_of, night=night)
    else:
        as_of = night
    named = "".join(f", cast({head.outcome} as float) as {head.name}" for head in family.heads if head.outcome)
    table = connection.execute(
        f"select {', '.join(family.key_names)}{named} from {family.label_table} "
        "where snapshot_id = ? and as_of_date = ?",
        [snapshot_id, as_of],
    ).to_arrow_table()
    keys = [np.asarray(table.column(name).to_pylist(), dtype=object) for name in family.key_names]
    return attach_outcomes(
        frame,
        customers=keys[0],
        items=keys[1] if len(keys) > 1 else None,
        outcomes={head.name: table.column(head.name).to_numpy() if head.outcome else None for head in family.heads},
    )


def read_text_vectors(
    connection: duckdb.DuckDBPyConnection, space: TextSpace, *, snapshot_id: str
) -> tuple[pa.Array, Floats]:
    """Return the distinct text hashes of the snapshot, sorted, and their vectors (n_texts, dim)."""
    # `embed` writes a row for every product, also for one without text; a pruned snapshot has none.
    counted = connection.execute(
        "select count(*) > 0 and count(text_hash) = 0 from embeddings.product_text_versions where snapshot_id = ?",
        [snapshot_id],
    ).fetchone()
    table = connection.execute(
        "select text_hash, vector from embeddings.text_vectors where encoder_key = ? and text_hash in "
        "(select text_hash from embeddings.product_text_versions where snapshot_id = ?) order by text_hash",
        [space.encoder_key, snapshot_id],
    ).to_arrow_table()
    if counted == (True,):  # a shop whose products have no text at all
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
    connection.register("frame_categories", _codes("category_id", frame.item_ids))
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
    connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date, night: date
) -> None:
    row = connection.execute(
        "select is_closed, known_before_date from labels.lbl_windows "
        "where snapshot_id = ? and as_of_date = ? and horizon_days = ?",
        [snapshot_id, as_of, family.horizon_days],
    ).fetchone()
    if row is None or not row[0]:
        raise StepMissing(
            f"Got {'no' if row is None else 'an open'} label window of {family.name} for {as_of} on snapshot "
            f"{snapshot_id}, expected a closed one of {family.horizon_days} days. "
            "Run `nightmarket transform --for-training` for this night first."
        )
    # A later night knows of late and corrected orders that this one could not.
    expected = max(night, as_of + timedelta(days=family.horizon_days))
    if row[1] != expected:
        raise StepMissing(
            f"Got labels of {family.name} for {as_of} with what was known before {row[1]}, expected before {expected}: "
            f"another night's transform rebuilt them. Run `nightmarket transform --for-training` for {night} again."
        )


def _codes(name: str, values: Sequence[Any] | pa.Array) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()), "code": pa.array(np.arange(len(values), dtype=np.int32))})
