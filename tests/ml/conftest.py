"""A tiny invented shop with a real pattern: customers come back to what they bought, and like alike things."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.modeling.frames import Frame


def make_frame(
    as_of: date = date(2024, 5, 1), *, n_customers: int = 60, n_categories: int = 12, seed: int = 0
) -> Frame:
    random = np.random.default_rng(seed)
    customer, category = (grid.ravel() for grid in np.indices((n_customers, n_categories)))
    taste = random.gamma(0.6, 2.0, (n_customers, n_categories))
    orders = random.poisson(taste)[customer, category].astype(np.float32)
    bought = orders > 0
    columns = {name: random.normal(size=len(customer)).astype(np.float32) for name in PURCHASE_INTENT.feature_columns}
    columns["pair__n_orders"] = orders
    columns["pair__decayed_orders"] = np.where(bought, orders * 0.5, np.nan).astype(np.float32)
    columns["pair__days_since_last_order"] = np.where(bought, 60 / (1 + orders), np.nan).astype(np.float32)
    popularity = (taste.mean(axis=0) / taste.max())[category]
    columns["category__penetration_28d"] = columns["category__penetration_84d"] = popularity.astype(np.float32)
    chance = 1 - np.exp(-0.4 * taste[customer, category])
    return Frame(
        as_of_date=as_of,
        customer_ids=np.array([f"c{i:03d}" for i in range(n_customers)], dtype=object),
        item_ids=np.array([f"k{i:02d}" for i in range(n_categories)], dtype=object),
        customer=customer.astype(np.int32),
        item=category.astype(np.int32),
        columns=columns,
        outcomes={"probability": (random.random(len(customer)) < chance).astype(np.float32)},
    ).head("probability")


@pytest.fixture(scope="session")
def tiny_frame():
    """Build a tiny labelled frame: ``tiny_frame(as_of, n_customers=, n_categories=, seed=)``."""
    return make_frame
