"""The rows a recipe sees: one origin, column by column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """The eligible rows of one origin, sorted by customer_id and category_id.

    Attributes
    ----------
    customer_ids, category_ids : the distinct ids, sorted.
    customer, category : int32, shape (n,); positions in the above.
    columns : float32 features by name, each of shape (n,); NaN where undefined.
    label : uint8, shape (n,); 1 where the customer bought. None where the window is not read.

    Columns stay separate: Arrow hands them to LightGBM without a copy, and a new one costs only itself.
    """

    as_of_date: date
    customer_ids: NDArray[np.object_]
    category_ids: NDArray[np.object_]
    customer: NDArray[np.int32]
    category: NDArray[np.int32]
    columns: Mapping[str, Floats]
    label: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """True for pairs that were never bought before the origin."""
        return ~(self.columns["pair__n_orders"] > 0)

    @property
    def y(self) -> NDArray[np.uint8]:
        """The labels of a frame that was read with them."""
        if self.label is None:
            raise ValueError(f"Got a frame of {self.as_of_date} without labels but expected labels. Read it with them.")
        return self.label

    def with_columns(self, new: Mapping[str, Floats]) -> Frame:
        return replace(self, columns={**self.columns, **new})

    def take(self, rows: NDArray[np.int64]) -> Frame:
        """Keep ``rows``, ascending."""
        return replace(
            self,
            customer=self.customer[rows],
            category=self.category[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
            label=None if self.label is None else self.label[rows],
        )

    def matrix(self, names: Sequence[str]) -> Floats:
        """Columns ``names`` side by side, shape (n, len(names))."""
        return np.column_stack([self.columns[name] for name in names]) if names else np.empty((len(self), 0), "f4")

    def sha256(self) -> str:
        """Hash of everything in it: what a training run records as its data."""
        digest = hashlib.sha256(self.as_of_date.isoformat().encode())
        for ids in (self.customer_ids, self.category_ids):
            digest.update("\0".join(ids).encode())
        for array in (self.customer, self.category, self.label):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).data)
        return digest.hexdigest()
