"""The rows a recipe sees: one origin, column by column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.codes import positions

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """The eligible rows of one origin, sorted by customer and item.

    Attributes
    ----------
    customer_ids, item_ids : the distinct ids, sorted. An item is what the family's second key names, a category or
        a product; a family of customers alone has the one item "".
    customer, item : int32, shape (n,); positions in the above.
    columns : float32 features by name, each of shape (n,); NaN where undefined.
    outcomes : float32 by head, each of shape (n,); NaN where undefined. Empty where the window is not read.
    label : shape (n,); the outcome of the one head that is looked at, see :meth:`head`.
    n_outcomes : int64, shape (n_customers,); rows of each customer in the label table, also those that are no row
        here. A ranking is measured against all of a basket, not against the part of it that was found.

    Columns stay separate: Arrow hands them to LightGBM without a copy, and a new one costs only itself.
    """

    as_of_date: date
    customer_ids: NDArray[np.object_]
    item_ids: NDArray[np.object_]
    customer: NDArray[np.int32]
    item: NDArray[np.int32]
    columns: Mapping[str, Floats]
    outcomes: Mapping[str, Floats] = field(default_factory=dict)
    label: NDArray[Any] | None = None
    n_outcomes: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """True for pairs that were never bought before the origin; False throughout where rows are no pairs."""
        if "pair__n_orders" not in self.columns:
            return np.zeros(len(self), np.bool_)
        return ~(self.columns["pair__n_orders"] > 0)

    @property
    def y(self) -> NDArray[Any]:
        """The outcomes of the head that is looked at: uint8 for a probability, float64 for an amount."""
        if self.label is None:
            raise ValueError(f"Got a frame of {self.as_of_date} without labels but expected labels. Read it with them.")
        return self.label

    def head(self, name: str, *, is_amount: bool = False) -> Frame:
        """Return the rows on which the head ``name`` is defined, with its outcomes as ``y``."""
        outcome = self.outcomes[name]
        defined = np.isfinite(outcome)
        kept = self if defined.all() else self.take(np.flatnonzero(defined))
        values = kept.outcomes[name]
        return replace(kept, label=values.astype(np.float64 if is_amount else np.uint8))

    def with_columns(self, new: Mapping[str, Floats]) -> Frame:
        return replace(self, columns={**self.columns, **new})

    def take(self, rows: NDArray[np.int64]) -> Frame:
        """Keep ``rows``, ascending."""
        return replace(
            self,
            customer=self.customer[rows],
            item=self.item[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
            outcomes={name: outcome[rows] for name, outcome in self.outcomes.items()},
            label=None if self.label is None else self.label[rows],
        )

    def matrix(self, names: Sequence[str]) -> Floats:
        """Columns ``names`` side by side, shape (n, len(names))."""
        return np.column_stack([self.columns[name] for name in names]) if names else np.empty((len(self), 0), "f4")

    def sha256(self) -> str:
        """Hash of everything in it: what a training run records as its data."""
        digest = hashlib.sha256(self.as_of_date.isoformat().encode())
        for ids in (self.customer_ids, self.item_ids):
            digest.update("\0".join(ids).encode())
        for array in (self.customer, self.item):
            digest.update(np.ascontiguousarray(array).data)
        for named in (self.outcomes, self.columns):
            for name in sorted(named):
                digest.update(name.encode())
                digest.update(np.ascontiguousarray(named[name]).data)
        return digest.hexdigest()


def attach_outcomes(
    frame: Frame, *, customers: NDArray[np.object_], items: NDArray[np.object_] | None, outcomes: Mapping[str, Any]
) -> Frame:
    """Return ``frame`` with the outcomes of its rows, looked up among the rows of a label table.

    Parameters
    ----------
    customers, items : the label table's keys, each (m,); no items for a family of customers alone
    outcomes : by head, (m,) values; None for a head whose outcome is the row's presence
    """
    row, found = _rows_of(frame, customers, items)
    of_customer = positions(frame.customer_ids, customers)
    n_outcomes = np.bincount(of_customer[of_customer >= 0], minlength=len(frame.customer_ids))
    attached: dict[str, Floats] = {}
    for name, values in outcomes.items():
        if values is None:
            outcome = np.zeros(len(frame), np.float32)
            outcome[row] = 1
        else:
            outcome = np.full(len(frame), np.nan, np.float32)
            outcome[row] = np.asarray(values, np.float32)[found]
        attached[name] = outcome
    return replace(frame, outcomes=attached, n_outcomes=n_outcomes)


def _rows_of(
    frame: Frame, customers: NDArray[np.object_], items: NDArray[np.object_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the frame's rows that the given keys name, and the positions of those keys."""
    n_items = len(frame.item_ids)
    customer = positions(frame.customer_ids, customers)
    item = np.zeros(len(customers), np.int64) if items is None else positions(frame.item_ids, items)
    known = np.flatnonzero((customer >= 0) & (item >= 0))
    wanted = customer[known] * n_items + item[known]
    have = frame.customer.astype(np.int64) * n_items + frame.item
    place = np.searchsorted(have, wanted)
    place[place == len(have)] = 0
    hit = have[place] == wanted if len(have) else np.zeros(len(wanted), np.bool_)
    return place[hit], known[hit]
