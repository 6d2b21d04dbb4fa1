"""Closed windows before an origin, as rows to learn from, and two ridge regressions on them.

At an origin D the last windows [D − 28 k, D − 28 k + 28) are closed: what was bought in them is known, and so is
what each customer had bought before them. A regression from the one to the other, applied to what is known at D,
says who buys what next. Nothing at or after D is read; nothing is carried from origin to origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.clock import STEP_DAYS
from nightmarket.modeling.intent.timeline import Doubles, Timeline

N_WINDOWS = 4
MIN_HISTORY_DAYS = 28
ACTIVE_DAYS = 56
"""Windows are learned from customers that bought in this many days before them, like the rows that are scored."""
RIDGE_FORECAST = 1.0
RIDGE_ADOPTION = 3.0
N_COMPONENTS = 24
"""Of 12, 24, 48 and 96 components, 24 and fewer found the most never-bought pairs on the origins before 2017-10-30."""
MIN_CANDIDATES = 50
"""Below so many customers that had not bought a category, who takes it up cannot be learned."""
_LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class Windows:
    """Rows of all windows, one per window and active customer, and where each window starts.

    Attributes
    ----------
    days : first day of each window, newest first; () with too little history
    active : per window, the customers that are its rows
    bought : (n_rows, n_items) 1 where the category was bought in the window
    is_new : (n_rows, n_items) True where it had never been bought before
    """

    days: tuple[int, ...]
    active: tuple[NDArray[np.int64], ...]
    bought: Doubles
    is_new: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.bought)


def closed_windows(timeline: Timeline) -> Windows:
    """Return the newest closed windows with enough history before them."""
    earliest = timeline.first_day + MIN_HISTORY_DAYS
    days = tuple(day for k in range(1, N_WINDOWS + 1) if (day := timeline.as_of - k * STEP_DAYS) >= earliest)
    active, bought, is_new = [], [], []
    for day in days:
        last = timeline.orders.before(day).last_day()[:, 0]
        rows = np.flatnonzero(last >= day - ACTIVE_DAYS)
        events = timeline.items
        after = events.count(((events.day >= day) & (events.day < day + STEP_DAYS)).astype(np.float64))
        active.append(rows)
        bought.append(after[rows] > 0)
        is_new.append(events.before(day).count()[rows] == 0)
    n_items = timeline.items.n_things
    return Windows(
        days,
        tuple(active),
        np.concatenate(bought).astype(np.float64) if days else np.zeros((0, n_items)),
        np.concatenate(is_new) if days else np.zeros((0, n_items), np.bool_),
    )


def standardise(rows: Doubles, now: Doubles) -> tuple[Doubles, Doubles]:
    """Return both at the mean and spread of ``rows``."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + _LEAST_SPREAD
    return (rows - mean) / spread, (now - mean) / spread


def reduce(rows: Doubles, now: Doubles, n_components: int = N_COMPONENTS) -> tuple[Doubles, Doubles]:
    """Return both (standardised) on the main axes of ``rows``, at their own spread: small axes are shrunk more."""
    _, axes = np.linalg.eigh(rows.T @ rows)
    main = axes[:, -n_components:]
    return rows @ main, now @ main


def fit_forecast(rows: Doubles, bought: Doubles, ridge: float = RIDGE_FORECAST) -> tuple[Doubles, Doubles]:
    """Regress every category's purchases on the (standardised) ``rows``; return the weights and the means."""
    mean = bought.mean(axis=0)
    gram = rows.T @ rows
    gram[np.diag_indices_from(gram)] += ridge * len(rows)
    return np.linalg.solve(gram, rows.T @ (bought - mean)), mean


def forecast_adoption(rows: Doubles, now: Doubles, windows: Windows, ridge: float = RIDGE_ADOPTION) -> Doubles:
    """Regress, category by category, first purchases on the rows of customers that had never bought it.

    Returns
    -------
    (n_now, n_items), NaN for a category that nearly everybody had bought.

    Notes
    -----
    The normal equations of all categories are one matrix product: of "is a row of this category" and the
    products of every two columns.
    """
    one, k = np.ones((len(rows), 1)), rows.shape[1] + 1
    design = np.hstack([rows, one])
    left, right = np.triu_indices(k)
    candidates = windows.is_new.astype(np.float64)
    upper = candidates.T @ (design[:, left] * design[:, right])
    gram = np.zeros((candidates.shape[1], k, k))
    gram[:, left, right] = upper
    gram[:, right, left] = upper
    n_rows = candidates.sum(axis=0)
    penalty = np.append(np.full(k - 1, ridge), 1e-6)
    gram[:, np.arange(k), np.arange(k)] += penalty * np.maximum(n_rows, 1)[:, None]
    moments = (candidates * windows.bought).T @ design
    weights = np.linalg.solve(gram, moments[:, :, None])[:, :, 0]
    weights[n_rows < MIN_CANDIDATES] = np.nan
    return np.asarray(np.hstack([now, np.ones((len(now), 1))]) @ weights.T, np.float64)
