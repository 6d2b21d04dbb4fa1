"""The rows of a family's feature view, as frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from nightmarket.errors import StepMissing
from nightmarket.families.base import Family
from nightmarket.modeling.codes import encode
from nightmarket.modeling.cuts import Cut
from nightmarket.modeling.frames import Floats, Frame


def read_view(connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date) -> Frame:
    """Read the rows of the family's feature view at ``as_of``."""
    columns = "".join(f", cast({name} as float) as {name}" for name in family.columns)
    table = connection.execute(
        f"select {', '.join(family.key_names)}{columns} from {family.feature_view} "
        "where snapshot_id = ? and as_of_date = ?",
        [snapshot_id, as_of],
    ).to_arrow_table()
    return _frame(table, family, as_of, family.columns)


def read_cut_rows(
    connection: duckdb.DuckDBPyConnection,
    family: Family,
    *,
    snapshot_id: str,
    night: date,
    as_of: date,
    cuts: Sequence[date] | None,
) -> Frame:
    """Read rows that have cuts of their own from the night's rows of the family's feature view.

    The frame also has the column ``cut_column``, in days since 1970, and the ``horizon_feature``: neither is a
    feature.

    Parameters
    ----------
    as_of : what the frame is called by
    cuts : of these, the rows that are over; None: the open rows of all
    """
    cut = family.cut_column
    names = (*family.columns, *([family.horizon_feature] if family.horizon_feature else []))
    columns = "".join(f", cast({name} as float) as {name}" for name in names)
    chosen = "is_open" if cuts is None else f"not is_open and {cut} in (select unnest(?::date []))"
    table = connection.execute(
        f"select {', '.join(family.key_names)}{columns}, "
        f"cast(date_diff('day', date '1970-01-01', {cut}) as float) as {cut} from {family.feature_view} "
        f"where snapshot_id = ? and as_of_date = ? and {chosen}",
        [snapshot_id, night, *([] if cuts is None else [list(cuts)])],
    ).to_arrow_table()
    return _frame(table, family, as_of, (*names, str(cut)))


def count_rows(connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, as_of: date) -> int:
    """Return how many rows of the family's feature view there are to score at ``as_of``."""
    row = connection.execute(
        f"select count(*) from {family.feature_view} where snapshot_id = ? and as_of_date = ?"
        f"{' and is_open' if family.cut_column else ''}",
        [snapshot_id, as_of],
    ).fetchone()
    return int(row[0]) if row else 0


def read_cuts(connection: duckdb.DuckDBPyConnection, family: Family, *, snapshot_id: str, night: date) -> list[Cut]:
    """Return what is labelled of each cut of a family whose rows have their own, oldest first.

    Raises
    ------
    StepMissing
        ``transform`` did not label every row that is over.
    """
    rows = connection.execute(
        f"select f.{family.cut_column}, max(f.end_date) filter (where l.{family.primary.outcome} is not null), "
        f"count(l.{family.primary.outcome}), coalesce(sum(l.{family.primary.outcome}), 0), "
        f"count(*) - count(l.as_of_date) from {family.feature_view} as f "
        f"left join {family.label_table} as l using (snapshot_id, as_of_date, {', '.join(family.key_names)}) "
        "where f.snapshot_id = ? and f.as_of_date = ? and not f.is_open group by 1 order by 1",
        [snapshot_id, night],
    ).fetchall()
    missing = sum(row[4] for row in rows)
    if missing:
        raise StepMissing(
            f"Got {missing} rows of {family.feature_view} at {night} on snapshot {snapshot_id} that are over and have "
            "no label, expected one of each. Run `nightmarket transform` for this night again."
        )
    return [Cut(row[0], row[1], int(row[2]), int(row[3])) for row in rows if row[2]]


def _frame(table: pa.Table, family: Family, as_of: date, names: Sequence[str]) -> Frame:
    customer_ids, customer = encode(table.column(family.key_names[0]))
    if len(family.keys) > 1:
        item_ids, item = encode(table.column(family.key_names[1]))
    else:
        item_ids, item = np.asarray([""], dtype=object), np.zeros(len(customer), np.int32)
    order = np.lexsort((item, customer))
    columns: dict[str, Floats] = {}
    for name in names:
        columns[name] = table.column(name).to_numpy()[order].astype(np.float32, copy=False)
    return Frame(as_of, customer_ids, item_ids, customer[order], item[order], columns)
