"""What was sold after an origin, as a later origin knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.histories import Histories, Level, fill_missing
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel


@dataclass(frozen=True)
class Known:
    """The demand that a later origin knows; read once, however many earlier origins are held against it.

    Attributes
    ----------
    as_of_date : the later origin
    product_ids, category_ids : of the rows, (n,) and (c,)
    product, category : (n, W), NaN where a week is not known, and (c + 1, W), the last row without a category
    total : (W,)
    """

    as_of_date: date
    product_ids: NDArray[np.str_]
    category_ids: NDArray[np.object_]
    product: Doubles
    category: Doubles
    total: Doubles


def known_at(panel: Panel) -> Known:
    """Return the demand that ``panel``'s origin knows."""
    demand = panel.demand()
    filled = fill_missing(demand)
    sums = np.zeros((len(panel.category_ids) + 1, panel.n_weeks))
    np.add.at(sums, panel.category, filled)
    return Known(panel.as_of_date, panel.product_ids.astype(str), panel.category_ids, demand, sums, filled.sum(axis=0))


def outcomes_of(origin: date, histories: Mapping[Level, Histories], later: Known) -> dict[Level, Doubles]:
    """Return the units of the weeks from ``origin`` on, by level (m, 8); NaN where a week is not known yet.

    Products are matched by id, so that a catalogue may grow; a week mostly out of stock is not known. Groups hold
    what later became part of them: a forecast of a category is also one of its new products.
    """
    weeks = (later.as_of_date - origin).days // 7
    closed = min(weeks, HORIZON)
    start = len(later.total) - weeks

    def ahead(values: Doubles) -> Doubles:
        found = np.full((len(values), HORIZON), np.nan)
        found[:, :closed] = values[:, start : start + closed]
        return found

    item_ids = histories["product"].item_ids.astype(str)
    place = np.minimum(np.searchsorted(later.product_ids, item_ids), len(later.product_ids) - 1)
    is_there = later.product_ids[place] == item_ids
    position = {name: row for row, name in enumerate(later.category_ids)}
    rows = [position.get(name, len(later.category_ids)) for name in histories["category"].item_ids]
    return {
        "product": np.where(is_there[:, None], ahead(later.product[place]), np.nan),
        "category": ahead(later.category[rows]),
        "total": ahead(later.total[None]),
    }
