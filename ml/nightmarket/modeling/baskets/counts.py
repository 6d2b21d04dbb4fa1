"""What a customer has bought of an item, or of a group of items: how often, how lately, in what rhythm.

Counts are decayed by baskets, as in Hu et al., "Modeling Personalized Item Frequency Information for
Next-basket Recommendation" (2020), and by days; nobody knows which clock a household goes by, so trees get both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.history import Codes, Doubles, History

DECAY = 0.95
"""Weight of a basket against the one after it, in the decayed frequency that others are measured against."""


@dataclass(frozen=True)
class Counts:
    """One row per customer and member (an item or a group), sorted so; every column of shape (n,)."""

    n_members: int
    customer: Codes
    member: Codes
    columns: dict[str, Doubles]

    def find(self, customer: Codes, member: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the row of each wanted pair, and whether there is one (else the row is 0)."""
        have = self.customer.astype(np.int64) * self.n_members + self.member
        wanted = customer.astype(np.int64) * self.n_members + member
        row = np.searchsorted(have, wanted)
        row[row == len(have)] = 0
        return row, have[row] == wanted if len(have) else np.zeros(len(wanted), np.bool_)


def count_items(history: History) -> Counts:
    """Count by item, with everything that is known of a pair."""
    counts, grouped, start = _count(history, history.item, history.n_items)
    columns, n = counts.columns, counts.columns["n"]
    age, days = history.row_age[grouped], history.days_ago()[history.basket[grouped]]
    last = start + n.astype(np.int64) - 1

    def total(values: NDArray[np.generic]) -> Doubles:
        return np.add.reduceat(values.astype(np.float64), start) if len(start) else np.zeros(0)

    columns["decayed_98"], columns["decayed_85"] = total(0.98**age), total(0.85**age)
    for half_life in (7, 28, 84):
        columns[f"halved_{half_life}d"] = total(0.5 ** (days / half_life))
    columns["last_10"] = total(age < 10)
    columns["n_84d"] = total(days <= 84)
    columns["last_interval"] = np.where(n > 1, (days[np.maximum(last - 1, start)] - days[last]), np.nan)
    gaps = np.zeros(len(grouped))
    gaps[1:] = days[:-1] - days[1:]
    gaps[start] = 0
    mean_square = total(gaps**2) / np.maximum(n - 1, 1)
    spread = np.sqrt(np.maximum(mean_square - np.nan_to_num(columns["interval_days"]) ** 2, 0))
    columns["interval_spread"] = np.where(n > 2, spread / np.maximum(columns["interval_days"], 0.5), np.nan)
    columns["units"] = total(history.units[grouped]) / n
    columns["amount"] = total(history.amount[grouped])
    columns["basket_size"] = total(history.basket_size[history.basket[grouped]]) / n
    return counts


def count_groups(history: History, group: Codes, n_groups: int) -> Counts:
    """Count baskets that hold anything of a group (a category, a kind of product)."""
    return _count(history, group[history.item], n_groups)[0]


def _count(history: History, member: Codes, n_members: int) -> tuple[Counts, NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts, the history's rows in their order (one per basket and member), and where each pair starts."""
    key = history.customer.astype(np.int64) * n_members + member
    order = np.argsort(key, kind="stable")
    basket, sorted_key = history.basket[order], key[order]
    repeated = np.zeros(len(order), np.bool_)
    repeated[1:] = (basket[1:] == basket[:-1]) & (sorted_key[1:] == sorted_key[:-1])
    order, sorted_key = order[~repeated], sorted_key[~repeated]
    starts = np.ones(len(order), np.bool_)
    starts[1:] = sorted_key[1:] != sorted_key[:-1]
    start = np.flatnonzero(starts)
    n = np.diff(np.append(start, len(order))).astype(np.float64)
    last = start + n.astype(np.int64) - 1
    basket = history.basket[order]
    age, days = history.basket_age[basket].astype(np.float64), history.days_ago()[basket].astype(np.float64)
    weight = DECAY**age

    def total(values: Doubles) -> Doubles:
        return np.add.reduceat(values, start) if len(start) else np.zeros(0)

    def interval(clock: Doubles) -> Doubles:
        return np.where(n > 1, (clock[start] - clock[last]) / np.maximum(n - 1, 1), np.nan)

    columns = {
        "n": n,
        "decayed": total(weight),
        # A basket of two says more about each of its items than a basket of forty.
        "weight": total(weight / history.basket_size[basket]),
        "age": age[last],
        "first_age": age[start],
        "days": days[last],
        "first_days": days[start],
        "interval_days": interval(days),
        "interval_baskets": interval(age),
    }
    pairs = Counts(
        n_members,
        (sorted_key[start] // n_members).astype(np.int32),
        (sorted_key[start] % n_members).astype(np.int32),
        columns,
    )
    return pairs, order, start
