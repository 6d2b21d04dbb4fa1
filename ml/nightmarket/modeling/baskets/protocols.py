"""The two ways next baskets are measured outside a night, as pure functions of order lines.

*Last basket*: each household's last basket is hidden and its cut is the day after its basket before, so the time
of the visit is unknown. Filters in this order: households with at least 5 distinct times of purchase; items with
at least 10 purchases; no household of a single day; none whose purchases a day exceed the mean by more than two
standard deviations. A recipe is trained on the baskets before: the second-last of each household, the third-last,
and so on, each with what was known before it.

*Global cut*: one date for all. The basket to predict is each household's first one from the date on; a recipe is
trained on earlier dates, with baskets that were over before the tested date.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.history import Days, Lines

MIN_TIMES, MIN_PURCHASES, MAX_DEVIATIONS = 5, 10, 2.0


@dataclass(frozen=True)
class Challenge:
    """What is known, and the baskets to predict.

    Attributes
    ----------
    known : the lines before each customer's cut
    cut : (n_customers,) days
    tested : (n_customers,) whether there is a basket to predict
    basket : the distinct lines of those baskets
    """

    known: Lines
    cut: Days
    tested: NDArray[np.bool_]
    basket: Lines


def filter_households(lines: Lines, *, n_customers: int, n_items: int) -> NDArray[np.bool_]:
    """Return which lines the filters of the protocols keep, (n,); lines are distinct per order and item."""
    orders = np.unique(np.column_stack((lines.customer, lines.order)), axis=0)
    n_times = np.bincount(orders[:, 0], minlength=n_customers)
    kept = n_times[lines.customer] >= MIN_TIMES
    n_purchases = np.bincount(lines.item[kept], minlength=n_items)
    kept &= n_purchases[lines.item] >= MIN_PURCHASES
    n_lines = np.bincount(lines.customer[kept], minlength=n_customers)
    first, last = np.full(n_customers, np.iinfo(np.int64).max), np.full(n_customers, np.iinfo(np.int64).min)
    np.minimum.at(first, lines.customer[kept], lines.day[kept])
    np.maximum.at(last, lines.customer[kept], lines.day[kept])
    several_days = last > first
    rate = n_lines / np.where(several_days, last - first + 1, 1)
    most = rate[several_days].mean() + MAX_DEVIATIONS * rate[several_days].std(ddof=1)
    return np.asarray(kept & (several_days & (rate <= most))[lines.customer])


def hide_last_baskets(lines: Lines, n_back: int, *, n_customers: int) -> Challenge:
    """Hide the newest ``n_back`` + 1 baskets of every customer; the oldest of those is to be predicted.

    ``n_back`` 0 is the protocol's test; 1, 2, ... are baskets to train on.
    """
    orders, of_line = np.unique(np.column_stack((lines.customer, lines.day, lines.order)), axis=0, return_inverse=True)
    customer, day = orders[:, 0], orders[:, 1]
    ends = np.cumsum(np.bincount(customer, minlength=n_customers))
    age = ends[customer] - 1 - np.arange(len(orders))
    cut = np.zeros(n_customers, np.int64)
    newest_known = age == n_back + 1
    cut[customer[newest_known]] = day[newest_known] + 1
    tested = cut > 0
    line_age = age[of_line.ravel()]
    return Challenge(
        lines.take((line_age > n_back) & tested[lines.customer]),
        cut,
        tested,
        lines.take((line_age == n_back) & tested[lines.customer]),
    )


def cut_globally(lines: Lines, cut: int, *, until: int, active_days: int, n_customers: int) -> Challenge:
    """Predict each customer's first basket in [``cut``, ``until``), of those who bought in ``active_days`` before."""
    known = lines.day < cut
    last = np.full(n_customers, np.iinfo(np.int64).min)
    np.maximum.at(last, lines.customer[known], lines.day[known])
    later = np.flatnonzero((lines.day >= cut) & (lines.day < until) & (last[lines.customer] >= cut - active_days))
    order = later[np.lexsort((lines.order[later], lines.day[later], lines.customer[later]))]
    first = np.full(n_customers, -1, np.int64)
    customers, where = np.unique(lines.customer[order], return_index=True)
    first[customers] = lines.order[order[where]]
    return Challenge(
        lines.take(known),
        np.full(n_customers, cut, np.int64),
        first >= 0,
        lines.take(later[lines.order[later] == first[lines.customer[later]]]),
    )
