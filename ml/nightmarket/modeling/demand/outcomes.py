"""What was sold after an origin, as a later origin knows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nightmarket.modeling.demand.histories import Histories, Level, fill_missing
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel


def outcomes_of(panel: Panel, histories: Mapping[Level, Histories], later: Panel) -> dict[Level, Doubles]:
    """Return the units of the weeks from ``panel``'s origin on, by level (m, 8); NaN where a week is not known yet.

    Products are matched by id, so that a catalogue may grow; a week mostly out of stock is not known. Groups hold
    what later became part of them: a forecast of a category is also one of its new products.
    """
    weeks = (later.as_of_date - panel.as_of_date).days // 7
    closed = min(weeks, HORIZON)
    start = later.n_weeks - weeks

    def ahead(values: Doubles) -> Doubles:
        found = np.full((len(values), HORIZON), np.nan)
        found[:, :closed] = values[:, start : start + closed]
        return found

    demand = later.demand()
    filled = fill_missing(demand)
    products = histories["product"]
    place = np.searchsorted(later.product_ids.astype(str), products.item_ids.astype(str))
    place = np.minimum(place, len(later.product_ids) - 1)
    is_there = later.product_ids[place] == products.item_ids
    product = np.where(is_there[:, None], ahead(demand)[place], np.nan)
    sums = np.zeros((len(later.category_ids) + 1, later.n_weeks))
    np.add.at(sums, later.category, filled)
    position = {name: row for row, name in enumerate(later.category_ids)}
    rows = [position.get(name, len(later.category_ids)) for name in histories["category"].item_ids]
    return {"product": product, "category": ahead(sums)[rows], "total": ahead(filled.sum(axis=0)[None])}
