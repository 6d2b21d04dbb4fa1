"""Forecasts that add up: products to their category, categories to the total.

Every group has two forecasts: its own, and the sum of its parts. Weighted least squares on the tree (Hyndman, Lee &
Wang, "Fast computation of reconciled forecasts for hierarchical and grouped time series", Computational Statistics &
Data Analysis 97 (2016)) with variances that grow in proportion to the forecasts takes a weighted mean of the two, and
gives the difference to the parts in proportion to their variances. The weights are what was most accurate on earlier
origins. Much of the difference is demand of products that nobody has sold yet, so products that sell in most weeks may
take less of it than the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories, Level
from nightmarket.modeling.demand.panel import Doubles


@dataclass(frozen=True)
class Trust:
    """What reconciliation weighs.

    Attributes
    ----------
    category, total : weight of a group's own forecast against the sum of its parts, 0..1
    regular : variance of a product that sells in most weeks, as a multiple of that of another of the same forecast
    """

    category: float = 1.0
    total: float = 1.0
    regular: float = 1.0


_LEAST, _MOST = -0.8, 2.0
"""The share of its forecast that a product can lose or gain by its variance; the rest is shared by all alike."""


def reconcile(
    base: Mapping[Level, Doubles],
    histories: Mapping[Level, Histories],
    trust: Trust,
    *,
    is_regular: NDArray[np.bool_],
) -> dict[Level, Doubles]:
    """Return forecasts that add up, for every level (m, 8), and none below 0.

    ``is_regular`` tells the products that sell in most weeks, (m,).

    Products without a category, and categories without a product that is forecast, are parts of the total alone:
    the latter keep the forecast 0, as nothing of them was sold for 26 weeks.
    """
    products, categories = histories["product"], histories["category"]
    place = _places(categories, products.group)
    grouped = place >= 0
    sums = np.zeros_like(base["category"])
    np.add.at(sums, place[grouped], base["product"][grouped])
    has_parts = np.bincount(place[grouped], minlength=len(categories)) > 0
    category = np.where(has_parts[:, None], trust.category * base["category"] + (1 - trust.category) * sums, 0)
    # Parts that are all 0 cannot be scaled up to a group that is not.
    category = np.where(sums > 0, category, 0)
    loose = base["product"][~grouped].sum(axis=0)
    parts = category.sum(axis=0) + loose
    total = trust.total * base["total"][0] + (1 - trust.total) * parts
    total = np.where(parts > 0, total, 0)
    factor = np.divide(total, parts, out=np.ones_like(parts), where=parts > 0)
    category = category * factor
    product = base["product"] * factor
    product[grouped] = _share_out(base["product"][grouped], category, place[grouped], is_regular[grouped], trust)
    return {"product": product, "category": category, "total": total[None]}


def _share_out(
    parts: Doubles,
    group: Doubles,
    place: NDArray[np.int64],
    is_regular: NDArray[np.bool_],
    trust: Trust,
) -> Doubles:
    """Return ``parts`` changed so that those of a group add up to it: by their variances, then all alike."""
    variance = np.where(is_regular, trust.regular, 1.0)[:, None]
    sums, spread = np.zeros_like(group), np.zeros_like(group)
    np.add.at(sums, place, parts)
    np.add.at(spread, place, parts * variance)
    change = np.divide(group - sums, spread, out=np.zeros_like(group), where=spread > 0)
    moved = parts * (1 + variance * np.clip(change, _LEAST, _MOST)[place])
    reached = np.zeros_like(group)
    np.add.at(reached, place, moved)
    factor = np.divide(group, reached, out=np.zeros_like(group), where=reached > 0)
    return np.asarray(moved * factor[place], np.float64)


def _places(categories: Histories, group: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the row of each group position among the categories' series; -1 where there is none."""
    n = int(max(group.max(initial=-1), categories.rows.max(initial=-1))) + 2
    place = np.full(n, -1)
    place[categories.rows] = np.arange(len(categories))
    return np.asarray(place[group], np.int64)
