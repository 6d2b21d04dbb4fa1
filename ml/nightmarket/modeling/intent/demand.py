"""Features from closed windows: who takes up a category, who comes back to it, and what similar customers buy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Floats, Frame
from nightmarket.modeling.intent.timeline import Doubles, Timeline
from nightmarket.modeling.intent.windows import (
    Windows,
    fit_forecast,
    forecast_adoption,
    reduce,
    standardise,
)

_HALF_LIFE, _LONG_HALF_LIFE, _MIDDLE_HALF_LIFE = 28, 112, 56
_RECENCY_EDGES = (8, 15, 29, 43, 57, 85, 127)
_FREQUENCY_EDGES = (2, 3, 5, 8, 13)
_PRIOR_ROWS = 30.0
_N_NEIGHBOURS = 60


def demand_columns(frame: Frame, timeline: Timeline, windows: Windows) -> dict[str, Floats]:
    """Return the ``demand__`` features of every row; NaN where there is no closed window to learn from.

    ``demand__forecast`` : purchases regressed on everything the customer bought
    ``demand__from_others`` : its part that comes from other categories
    ``demand__adoption`` : the same among those that never bought the category (a regression of its own)
    ``demand__repeat_rate`` : how often those came back that had bought it as often and as lately
    ``demand__neighbours`` : what the most similar customers buy of it
    ``demand__n_categories``, ``demand__n_new`` : the customer's forecasts added up, over all and over new ones
    """
    grids = _learn(len(frame.customer_ids), timeline, windows)
    at = (frame.customer, frame.item)
    columns = {f"demand__{name}": grid[at].astype(np.float32) for name, grid in grids.items()}
    for name, source, rows in (
        ("demand__n_categories", "demand__forecast", slice(None)),
        ("demand__n_new", "demand__adoption", frame.is_new),
    ):
        values = np.nan_to_num(columns[source][rows].astype(np.float64))
        total = np.bincount(frame.customer[rows], values, minlength=len(frame.customer_ids))
        columns[name] = (total if windows.days else np.full(len(total), np.nan))[frame.customer].astype(np.float32)
    return columns


def profile(timeline: Timeline, day: int) -> Doubles:
    """Return what every customer had bought before ``day``: by category ever, lately and as a share, and how much."""
    items, orders = timeline.items.before(day), timeline.orders.before(day)
    long = orders.halved(day, _LONG_HALF_LIFE)
    return np.hstack(
        [
            np.log1p(items.count()),
            np.log1p(items.halved(day, _HALF_LIFE)),
            items.halved(day, _LONG_HALF_LIFE) / np.maximum(long, 1e-9),
            activity(timeline, day),
        ]
    )


def activity(timeline: Timeline, day: int) -> Doubles:
    """Return how much every customer shopped before ``day``, on four clocks: (n_customers, 4)."""
    orders = timeline.orders.before(day)
    return np.log1p(np.hstack([orders.count(), *(orders.halved(day, half_life) for half_life in (7, 28, 112))]))


def _learn(n_customers: int, timeline: Timeline, windows: Windows) -> dict[str, Doubles]:
    n_items = timeline.items.n_things
    neighbours = _neighbours(n_customers, timeline)
    if not windows.days:
        nothing = np.full((n_customers, n_items), np.nan)
        learned = dict.fromkeys(("forecast", "from_others", "adoption", "repeat_rate"), nothing)
        return learned | {"neighbours": neighbours}
    before = np.vstack(
        [profile(timeline, day)[active] for day, active in zip(windows.days, windows.active, strict=True)]
    )
    with threadpool_limits(1, user_api="blas"):  # the same sums whatever the machine
        rows, now = standardise(before, profile(timeline, timeline.as_of)[:n_customers])
        weights, mean = fit_forecast(rows, windows.bought)
        forecast = now @ weights + mean
        own, item = np.zeros_like(forecast), np.arange(n_items)
        for block in range(3):
            columns = block * n_items + item
            own += now[:, columns] * weights[columns, item]
        adoption = forecast_adoption(*reduce(rows, now), windows)
    return {
        "forecast": forecast,
        "from_others": forecast - own,
        "adoption": adoption,
        "repeat_rate": _repeat_rates(timeline, windows)[:n_customers],
        "neighbours": neighbours,
    }


def _repeat_rates(timeline: Timeline, windows: Windows) -> Doubles:
    """Return the share that bought in a closed window, of those with the same category, recency and frequency.

    Shrunk by ``_PRIOR_ROWS`` rows to the rate of that recency and frequency over all categories times the
    category's own level.
    """
    n_items = timeline.items.n_things
    n_cells = (len(_RECENCY_EDGES) + 1) * (len(_FREQUENCY_EDGES) + 1) + 1
    item = np.arange(n_items)
    n_rows, n_bought = np.zeros((2, n_items * n_cells))
    start = 0
    for day, active in zip(windows.days, windows.active, strict=True):
        cell = (_cells(timeline, day)[active] + item * n_cells).ravel()
        bought = windows.bought[start : start + len(active)].ravel()
        n_rows += np.bincount(cell, minlength=n_items * n_cells)
        n_bought += np.bincount(cell, bought, minlength=n_items * n_cells)
        start += len(active)
    rows, hits = n_rows.reshape(n_items, n_cells), n_bought.reshape(n_items, n_cells)
    overall = hits.sum(axis=0) / np.maximum(rows.sum(axis=0), 1)
    level = hits.sum(axis=1) / np.maximum((rows * overall).sum(axis=1), 1)
    rate = (hits + _PRIOR_ROWS * np.clip(overall * level[:, None], 0, 1)) / (rows + _PRIOR_ROWS)
    return np.asarray(rate[item, _cells(timeline, timeline.as_of)], np.float64)


def _cells(timeline: Timeline, day: int) -> NDArray[np.int64]:
    """Return the recency and frequency class of every customer and category; the last one: never bought."""
    events = timeline.items.before(day)
    last = events.last_day()
    recency = np.digitize(day - last, _RECENCY_EDGES)
    frequency = np.digitize(events.count(), _FREQUENCY_EDGES)
    n_frequencies = len(_FREQUENCY_EDGES) + 1
    never = (len(_RECENCY_EDGES) + 1) * n_frequencies
    return np.asarray(np.where(last < 0, never, recency * n_frequencies + frequency), np.int64)


def _neighbours(n_customers: int, timeline: Timeline) -> Doubles:
    """Return what the customers with the most similar purchases buy of each category, at most 1 each.

    Similar: the cosine of log-counts, rare categories weighing more.
    """
    items, day = timeline.items, timeline.as_of
    counts = np.log1p(items.halved(day, _LONG_HALF_LIFE)[:n_customers])
    rarity = np.log(n_customers / (1 + (counts > 0).sum(axis=0)))
    weighted = counts * np.maximum(rarity, 0)
    norm = np.linalg.norm(weighted, axis=1, keepdims=True)
    unit = np.divide(weighted, norm, out=np.zeros_like(weighted), where=norm > 0)
    lately = np.minimum(items.halved(day, _MIDDLE_HALF_LIFE)[:n_customers], 1)
    with threadpool_limits(1, user_api="blas"):
        close = unit @ unit.T
        np.fill_diagonal(close, 0)
        if n_customers > _N_NEIGHBOURS:
            least = np.partition(close, n_customers - _N_NEIGHBOURS, axis=1)[:, n_customers - _N_NEIGHBOURS]
            close[close < least[:, None]] = 0
        total = close.sum(axis=1, keepdims=True)
        found = np.divide(close @ lately, total, out=np.zeros_like(lately), where=total > 0)
    return np.asarray(found, np.float64)
