"""The features of candidates. Each is a fact that was known at the customer's cut."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nightmarket.families.next_basket import FEATURES
from nightmarket.modeling.baskets.candidates import Candidates
from nightmarket.modeling.baskets.counts import DECAY, Counts
from nightmarket.modeling.baskets.history import Codes, Days, Doubles, History, rank_within

Floats = NDArray[np.float32]
VIEWS = {
    "affinity__neighbours": "neighbours",
    "factor__similarity": "factors",
    "affinity__together": "together",
}


def build_features(
    history: History, counts: Counts, groups: Mapping[str, tuple[Codes, Counts]], sales: Sales, candidates: Candidates
) -> dict[str, Floats]:
    """Return every feature of the family, each (n_candidates,); NaN where undefined.

    Parameters
    ----------
    groups : "category" and "kind" to each item's group and the counts by group
    """
    customer, item = candidates.customer, candidates.item
    shoppers = customer_facts(history)
    weights = np.bincount(history.basket_customer, DECAY**history.basket_age, minlength=history.n_customers)
    found = _pair_features(counts, candidates, shoppers)
    for name, (group, by_group) in groups.items():
        row, has = by_group.find(customer, group[item])
        pick = {
            column: np.where(has, by_group.columns[column][row], np.nan)
            for column in ("decayed", "weight", "age", "interval_baskets")
        }
        found[f"{name}__decayed_orders"] = np.nan_to_num(pick["decayed"]) / np.maximum(weights[customer], 1e-9)
        found[f"{name}__basket_weight"] = np.nan_to_num(pick["weight"])
        found[f"{name}__baskets_since_last"] = pick["age"]
        found[f"{name}__overdue_baskets"] = (pick["age"] + 1) / np.maximum(pick["interval_baskets"], 0.5)
        found[f"{name}__share_within"] = found["pair__decayed_orders"] / np.maximum(pick["decayed"], 1e-6)
    found |= _product_features(counts, candidates, sales)
    found["product__overdue_ratio"] = found["pair__days_since_last_order"] / np.maximum(
        found["product__mean_interval_days"], 1
    )
    found |= {name: values[customer] for name, values in shoppers.items()}
    missing = np.full(len(candidates), np.nan, np.float32)
    views = {name: candidates.affinity.get(view, missing) for name, view in VIEWS.items()}
    return {name: np.asarray(views[name] if name in views else found[name], np.float32) for name in FEATURES}


def customer_facts(history: History) -> dict[str, Doubles]:
    """Return the features of customers, each (n_customers,); NaN without a basket."""
    who, size, age, days = history.basket_customer, history.basket_size, history.basket_age, history.days_ago()
    n = history.n_baskets.astype(np.float64)
    last, first, last_size = (np.full(len(n), np.nan) for _ in range(3))
    newest, oldest = age == 0, age == history.n_baskets[who] - 1
    last[who[newest]], last_size[who[newest]] = days[newest], size[newest]
    first[who[oldest]] = days[oldest]
    fresh = 0.9**age
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "customer__n_orders": n,
            "customer__n_orders_28d": np.bincount(who, days <= 28, minlength=len(n)),
            "customer__days_since_last_order": last,
            "customer__mean_interval_days": np.where(n > 1, (first - last) / (n - 1), np.nan),
            "customer__basket_size": np.bincount(who, size, minlength=len(n)) / n,
            "customer__recent_basket_size": np.bincount(who, fresh * size, minlength=len(n))
            / np.bincount(who, fresh, minlength=len(n)),
            "customer__last_basket_size": last_size,
        }


def _pair_features(counts: Counts, candidates: Candidates, shoppers: Mapping[str, Doubles]) -> dict[str, Doubles]:
    customer, item = candidates.customer, candidates.item
    row, bought = counts.find(customer, item)

    def known(column: str) -> Doubles:
        return np.where(bought, counts.columns[column][row], np.nan)

    def amount(column: str) -> Doubles:
        return np.where(bought, counts.columns[column][row], 0.0)

    interval, interval_baskets, days = known("interval_days"), known("interval_baskets"), known("days")
    visit = np.nan_to_num(shoppers["customer__mean_interval_days"])[customer]
    decayed, spend = amount("decayed"), amount("amount")
    all_spend = np.bincount(customer, spend, minlength=len(visit) and int(customer.max()) + 1)
    return {
        "pair__n_orders": amount("n"),
        "pair__decayed_orders": decayed,
        "pair__decayed_orders_98": amount("decayed_98"),
        "pair__decayed_orders_85": amount("decayed_85"),
        "pair__halved_7d": amount("halved_7d"),
        "pair__halved_28d": amount("halved_28d"),
        "pair__halved_84d": amount("halved_84d"),
        "pair__basket_weight": amount("weight"),
        "pair__share_of_baskets": amount("n") / np.maximum(shoppers["customer__n_orders"][customer], 1),
        "pair__share_since_first": amount("n") / (np.nan_to_num(known("first_age")) + 1),
        "pair__rank": rank_within(customer, decayed + 1e-6 * amount("halved_28d"), item).astype(np.float64),
        "pair__n_last_10": amount("last_10"),
        "pair__baskets_since_last": known("age"),
        "pair__days_since_last_order": days,
        "pair__days_since_first_order": known("first_days"),
        "pair__mean_interval_days": interval,
        "pair__mean_interval_baskets": interval_baskets,
        "pair__last_interval_days": known("last_interval"),
        "pair__interval_spread": known("interval_spread"),
        "pair__overdue_ratio": days / np.maximum(interval, 0.5),
        "pair__overdue_baskets": (known("age") + 1) / np.maximum(interval_baskets, 0.5),
        # How overdue it will be at a visit one usual interval after the last.
        "pair__overdue_next": (days + visit) / np.maximum(interval, 0.5),
        "pair__units": known("units"),
        "pair__share_of_spend": spend / np.maximum(all_spend[customer], 1e-9),
        "pair__mean_basket_size": known("basket_size"),
    }


def _product_features(counts: Counts, candidates: Candidates, sales: Sales) -> dict[str, Doubles]:
    customer, item = candidates.customer, candidates.item
    member, n = counts.member, counts.columns["n"]
    n_items = counts.n_members
    again = n > 1
    buyers = np.bincount(member, minlength=n_items).astype(np.float64)
    repeaters = np.bincount(member, again, minlength=n_items)
    intervals = np.bincount(member[again], counts.columns["interval_days"][again], minlength=n_items)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_interval = np.where(repeaters > 0, intervals / repeaters, np.nan)
        week, month, quarter = (sales.penetration(customer, item, weeks) for weeks in (1, 4, 12))
        return {
            "product__penetration_7d": week,
            "product__penetration_28d": month,
            "product__penetration_84d": quarter,
            "product__trend_7d": week / np.maximum(month, 1e-6),
            "product__trend_28d": month / np.maximum(quarter, 1e-6),
            "product__n_customers": buyers[item],
            # Shrunk by four buyers of whom a quarter come back.
            "product__repeat_rate": ((repeaters + 1) / (buyers + 4))[item],
            "product__orders_per_customer": (np.bincount(member, n, minlength=n_items) / buyers)[item],
            "product__mean_interval_days": mean_interval[item],
            "product__price_amount": sales.price[item],
            "product__mean_basket_size": sales.basket_size[item],
        }


class Sales:
    """What sold in the weeks before each customer's cut.

    Weeks are counted back from the latest cut; a customer whose cut is earlier sees the weeks that were over
    by then, so nobody sees a basket of the days after their own cut.
    """

    def __init__(self, history: History) -> None:
        latest = int(history.cut.max(initial=0))
        days_before = latest - 1 - history.basket_day
        self._n_weeks = int(days_before.max(initial=0)) // 7 + 1
        week = days_before // 7
        sold = np.bincount(
            history.item.astype(np.int64) * self._n_weeks + week[history.basket],
            minlength=history.n_items * self._n_weeks,
        ).reshape(history.n_items, self._n_weeks)
        self._sold = np.concatenate(
            (np.zeros((history.n_items, 1), np.int32), np.cumsum(sold, axis=1, dtype=np.int32)), axis=1
        )
        self._baskets = np.concatenate(([0], np.cumsum(np.bincount(week, minlength=self._n_weeks))))
        self._skipped: Days = np.minimum(-(-(latest - history.cut) // 7), self._n_weeks)
        n_rows = np.maximum(np.bincount(history.item, minlength=history.n_items), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            paid = np.bincount(history.item, history.amount, minlength=history.n_items)
            self.price = paid / np.bincount(history.item, history.units, minlength=history.n_items)
        self.basket_size = (
            np.bincount(history.item, history.basket_size[history.basket], minlength=history.n_items) / n_rows
        )

    def penetration(self, customer: Codes, item: Codes, n_weeks: int) -> Doubles:
        """Return the share of all baskets of the last ``n_weeks`` that held the item, (n,)."""
        newest = self._skipped[customer]
        oldest = np.minimum(newest + n_weeks, self._n_weeks)
        baskets = self._baskets[oldest] - self._baskets[newest]
        return np.asarray((self._sold[item, oldest] - self._sold[item, newest]) / np.maximum(baskets, 1), np.float64)

    def of_newest(self, n_weeks: int) -> Doubles:
        """Return the penetration of every item before the latest cut, (n_items,)."""
        oldest = min(n_weeks, self._n_weeks)
        return np.asarray(self._sold[:, oldest] / max(int(self._baskets[oldest]), 1), np.float64)
