"""Small invented shops as panels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from nightmarket.modeling.demand import HORIZON, Panel

LAST = date(2017, 12, 25)
PanelAt = Callable[[date], Panel]


def shop(
    sold: Any, *, category: list[int] | None = None, text: Any = None, intents: Any = None, price: float = 2.0
) -> PanelAt:
    """Return ``panel_at`` of a shop that sold ``sold`` (n, W) in the weeks before 2017-12-25."""
    units = np.asarray(sold, np.float64)
    n, weeks = units.shape
    names = np.asarray([f"p{i:04d}" for i in range(n)], object)
    groups = np.zeros(n, np.int32) if category is None else np.asarray(category, np.int32)
    ids = np.asarray([f"c{i}" for i in range(max(1, groups.max() + 1))], object)

    def panel_at(origin: date) -> Panel:
        w = weeks - (LAST - origin).days // 7
        is_sold = units[:, :w] > 0
        age = np.where(is_sold.any(axis=1), w - is_sold.argmax(axis=1), 0)
        return Panel(
            origin,
            names,
            ids,
            groups,
            units[:, :w],
            units[:, :w] * price,
            np.zeros((n, w), np.float32),
            np.full((n, HORIZON), np.nan, np.float32),
            np.ones((n, w), np.float32),
            age.astype(np.int32),
            text,
            None if intents is None else intents[:, :w],
        )

    return panel_at


def busy_units(n: int = 120, weeks: int = 40, seed: int = 0) -> Any:
    """Return weekly units of ``n`` products of very different sizes, (n, weeks)."""
    rng = np.random.default_rng(seed)
    return rng.poisson(np.exp(rng.normal(0, 1.5, n))[:, None], (n, weeks)).astype(float)
