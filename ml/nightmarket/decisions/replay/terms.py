"""How the shop's stock says that each product is ordered, wherever it lies. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.inputs import Rules, Stock
from nightmarket.decisions.reorder.plan import MAX_LEAD_TIME_DAYS
from nightmarket.decisions.reorder.policy import holding_per_year
from nightmarket.decisions.reorder.rows import positions_of
from nightmarket.decisions.reorder.service_level import critical_ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ProductTerms:
    """Terms of n products; NaN where the stock does not give one, or gives one that is not believed."""

    lead_time_days: Floats
    pack: Floats
    min_order: Floats
    critical_ratio: Floats

    @classmethod
    def unknown(cls, n: int) -> ProductTerms:
        return cls(*np.full((4, n), np.nan))

    @property
    def is_given(self) -> NDArray[np.bool_]:
        """Whether anything is given of a product."""
        known = np.isfinite([self.lead_time_days, self.pack, self.min_order, self.critical_ratio])
        return np.asarray(known.any(axis=0), dtype=np.bool_)


def product_terms(stock: Stock, product_ids: NDArray[np.object_], rules: Rules) -> ProductTerms:
    """Return the terms of each product: of several places the longest lead time, and the greatest of the others."""
    at = positions_of(stock.product_ids, product_ids)
    believed = (stock.lead_time_days >= 1) & (stock.lead_time_days <= MAX_LEAD_TIME_DAYS)
    holding = holding_per_year(stock.holding_cost, stock.unit_cost, holding_cost_pct=rules.holding_cost_pct)
    ratio = critical_ratio(stock.unit_margin, holding, review_period_days=rules.review_period_days)

    def greatest(values: Floats) -> Floats:
        found = np.full(len(product_ids), np.nan)
        np.fmax.at(found, at[at >= 0], values[at >= 0])
        return found

    return ProductTerms(
        greatest(np.where(believed, stock.lead_time_days, np.nan)),
        greatest(np.where(stock.pack_size > 0, stock.pack_size, np.nan)),
        greatest(np.where(stock.min_order > 0, stock.min_order, np.nan)),
        greatest(ratio),
    )
