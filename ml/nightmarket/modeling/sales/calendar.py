"""What the calendar says of sales: how they spread over the week, and on which days the shop does not sell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.sales.history import DAYS_AHEAD, Doubles, SalesHistory

PROFILE_WEEKS = 13
_OPEN_SHARE = 0.9
"""A weekday sells as a rule where it sold in 9 weeks of 10."""
_PRIOR_WEEKS = 4.0


def find_closed_days(history: SalesHistory) -> NDArray[np.bool_]:
    """Return the days, (D,), on which nothing was sold although that weekday sells as a rule."""
    sold = history.amounts.sum(axis=0).reshape(-1, 7) > 0
    as_a_rule = sold.mean(axis=0) >= _OPEN_SHARE
    return np.asarray((~sold & as_a_rule).reshape(-1))


def find_days_that_never_sell(history: SalesHistory) -> NDArray[np.bool_]:
    """Return the coming days, (56,), of whose day and month the shop was closed in every year that it has a history of.

    A weekday that never sells is not among them: the profile of the week says so. Nor is a holiday that moves
    from year to year, or one that the history does not hold.
    """
    years: dict[tuple[int, int], list[bool]] = {}
    for position, is_closed in enumerate(find_closed_days(history)):
        day = history.day(position)
        years.setdefault((day.month, day.day), []).append(bool(is_closed))
    n_days = history.amounts.shape[1]
    ahead = (history.day(n_days + i) for i in range(DAYS_AHEAD))
    return np.asarray([all(years.get((day.month, day.day), [False])) for day in ahead])


def week_profile(history: SalesHistory, closed: NDArray[np.bool_]) -> Doubles:
    """Return each category's share of a week's sales by day of the week, (k, 7); day 0 is the origin's weekday.

    Of the last 13 weeks without closed days; a category is pulled to the whole shop by 4 weeks of its sales.
    """
    days = slice(-7 * PROFILE_WEEKS, None)
    amounts = np.maximum(history.amounts[:, days], 0).reshape(len(history.amounts), -1, 7)
    is_open = ~closed[days].reshape(-1, 7)
    n_open = np.maximum(is_open.sum(axis=0), 1)
    mean = np.where(is_open, amounts, 0).sum(axis=1) / n_open
    shop = _shares(mean.sum(axis=0)[None])
    own = amounts.shape[1] / (amounts.shape[1] + _PRIOR_WEEKS)
    return own * np.where(mean.sum(axis=1, keepdims=True) > 0, _shares(mean), shop) + (1 - own) * shop


def _shares(amounts: Doubles) -> Doubles:
    total = amounts.sum(axis=1, keepdims=True)
    return np.where(total > 0, amounts / np.where(total > 0, total, 1), 1 / 7)


def normal_weeks(history: SalesHistory, profile: Doubles, closed: NDArray[np.bool_]) -> Doubles:
    """Return weekly sales, (k, W), as they would have been had the shop not been closed on a day of the week."""
    weekly = history.amounts.reshape(len(history.amounts), -1, 7).sum(axis=2)
    share = profile @ (~closed).reshape(-1, 7).T.astype(np.float64)
    return np.asarray(weekly / np.maximum(share, MIN_OPEN_SHARE))


MIN_OPEN_SHARE = 0.3
"""The least part of a week's sales from which the whole week is guessed."""
