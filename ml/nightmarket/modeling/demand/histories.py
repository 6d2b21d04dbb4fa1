"""The weekly series of one level: products, categories or the total, aligned with their groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.panel import Doubles, Panel

Level = Literal["product", "category", "total"]
LEVELS: tuple[Level, ...] = ("product", "category", "total")
TOTAL = "total"
_FILL_WEEKS = 4


@dataclass(frozen=True)
class Histories:
    """m series over W weeks.

    Attributes
    ----------
    level : what a series is
    item_ids : (m,) product_id, category_id or 'total'
    rows : (m,) position among the panel's products or categories
    group : (m,) position of the category; -1 where there is none
    demand : (m, W) units; NaN before the first sale and where most of a week was out of stock
    filled : (m, W) the same with the weeks out of stock filled by the four known weeks before; 0 before the first sale
    age : (m,) weeks since the first sale
    """

    level: Level
    item_ids: NDArray[np.object_]
    rows: NDArray[np.int64]
    group: NDArray[np.int32]
    demand: Doubles
    filled: Doubles
    age: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.item_ids)

    def over(self, factors: Doubles) -> Histories:
        """Return the series divided by ``factors``, (m, W)."""
        return replace(self, demand=self.demand / factors, filled=self.filled / factors)

    def take(self, kept: NDArray[np.int64]) -> Histories:
        return Histories(
            self.level,
            self.item_ids[kept],
            self.rows[kept],
            self.group[kept],
            self.demand[kept],
            self.filled[kept],
            self.age[kept],
        )


def histories_of(panel: Panel) -> dict[Level, Histories]:
    """Return the series of every level; products are those with a sale in the last 26 weeks, groups hold all.

    A group adds up its products' filled demand, so that a product out of stock does not look like a fall of its
    category.
    """
    demand = panel.demand()
    filled = fill_missing(demand)
    n_categories = len(panel.category_ids)
    sums = np.zeros((n_categories, panel.n_weeks))
    known = panel.category >= 0
    np.add.at(sums, panel.category[known], filled[known])
    active = panel.active()
    sold = np.flatnonzero(_age(sums) > 0)
    return {
        "product": Histories(
            "product",
            panel.product_ids[active],
            active,
            panel.category[active],
            demand[active],
            filled[active],
            panel.age_weeks[active],
        ),
        "category": _whole("category", panel.category_ids[sold], sold, sums[sold]),
        "total": _whole("total", np.asarray([TOTAL], object), np.zeros(1, np.int64), filled.sum(axis=0)[None]),
    }


def fill_missing(demand: Doubles) -> Doubles:
    """Return ``demand`` without gaps: a missing week is the mean of the up to four weeks before it, 0 at the start."""
    filled = demand.copy()
    for week in np.flatnonzero(np.isnan(demand).any(axis=0)):
        missing = np.isnan(filled[:, week])
        before = filled[missing, max(0, week - _FILL_WEEKS) : week]
        filled[missing, week] = before.mean(axis=1) if week else 0.0
    return filled


def _whole(level: Level, item_ids: NDArray[np.object_], rows: NDArray[np.int64], sums: Doubles) -> Histories:
    age = _age(sums)
    n_weeks = sums.shape[1]
    unborn = n_weeks - np.arange(n_weeks) > age[:, None]
    group = rows.astype(np.int32) if level == "category" else np.full(len(rows), -1, np.int32)
    return Histories(level, item_ids, rows, group, np.where(unborn, np.nan, sums), sums, age)


def _age(sums: Doubles) -> NDArray[np.int32]:
    sold = sums > 0
    return np.where(sold.any(axis=1), sums.shape[1] - sold.argmax(axis=1), 0).astype(np.int32)
