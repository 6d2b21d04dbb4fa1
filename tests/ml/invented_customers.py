"""Invented customers, one row each, with the features and outcomes of customer_health."""

from __future__ import annotations

from datetime import date

import numpy as np

from nightmarket.families.customer_health import FAMILY
from nightmarket.modeling.frames import Frame


def make_customers(as_of: date = date(2024, 5, 1), *, n: int = 600, seed: int = 0) -> Frame:
    """Customers with a rate of visits and an amount per visit of their own; some columns are noise, some unknown."""
    random = np.random.default_rng(seed)
    rate, amount = random.gamma(1.5, 0.1, n), random.gamma(4, 10, n)
    visits = random.poisson(84 * rate) + 1.0
    columns = {name: random.normal(size=n) for name in FAMILY.feature_columns}
    columns |= {
        "health__n_visits_84d": visits,
        "health__spend_amount_84d": visits * amount,
        "health__visit_amount_84d": amount,
        "health__n_intervals": visits - 1,
        "customer__mean_interval_days": np.where(visits > 1, 84 / visits, np.nan),
        "health__sd_interval_days": np.where(visits > 1, 60 / visits, np.nan),
        "customer__days_since_last_order": np.minimum(random.geometric(np.clip(rate, 0.02, 1)), 50).astype(float),
        "customer__days_since_first_order": np.full(n, 90.0),
    }
    ahead = random.poisson(56 * rate)
    return Frame(
        as_of_date=as_of,
        customer_ids=np.array([f"c{i:04d}" for i in range(n)], dtype=object),
        item_ids=np.array([""], dtype=object),
        customer=np.arange(n, dtype=np.int32),
        item=np.zeros(n, np.int32),
        columns={name: column.astype(np.float32) for name, column in columns.items()},
        outcomes={
            "probability": (random.random(n) < np.exp(-28 * rate)).astype(np.float32),
            "expected_spend_56d": (ahead * amount).astype(np.float32),
            "expected_days_to_next_visit": np.minimum(random.exponential(1 / rate), 56).astype(np.float32),
        },
    )
