"""How good each customer's ranked list is. Rows of a frame are candidates; customers count alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.history import rank_within
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.base import Measured
from nightmarket.modeling.metrics.pairs import FORMULAS as PAIR_FORMULAS
from nightmarket.modeling.metrics.pairs import measure_pairs

Doubles = NDArray[np.float64]
K = 10
_OF_ROWS = ("average_precision", "roc_auc", "brier", "ece")

FORMULAS = {
    "recall_at_10": "mean over customers with a basket of: items of the basket among the first 10, over its items",
    "ndcg_at_10": "mean over the same of: sum over hits at place r <= 10 of 1 / log2(r + 1), over the same sum of a "
    "list that begins with the whole basket (all its items, also beyond 10)",
    "capped_ndcg_at_10": "ndcg_at_10, with an ideal list of no more than 10 items",
    "hit_rate_at_10": "share of customers with a basket that holds at least one of the first 10",
    "repeat_recall_at_10": "recall_at_10 counting only hits bought before, over all items of the basket",
    "explore_recall_at_10": "recall_at_10 counting only hits never bought before; repeat + explore = recall",
    **{name: f"over all candidates: {PAIR_FORMULAS[name]}" for name in _OF_ROWS},
}
"""Equal scores are ordered by the second key, ascending; an item of a basket that is no candidate counts as missed."""


@dataclass(frozen=True)
class ListQuality:
    """Each metric of every customer, (n_customers,); what a customer without a basket has is not to be counted."""

    has_basket: NDArray[np.bool_]
    by_customer: dict[str, Doubles]

    def means(self) -> dict[str, float]:
        """Average over the customers with a basket; NaN where nobody has one."""
        return {name: float(values[self.has_basket].mean()) if self.has_basket.any() else float("nan")
                for name, values in self.by_customer.items()}  # fmt: skip

    def draws(self, multiplicities: NDArray[np.int64]) -> dict[str, Doubles]:
        """Average in every bootstrap draw of the customers, (n_draws,)."""
        counted = multiplicities * self.has_basket
        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: (counted @ values) / counted.sum(axis=1) for name, values in self.by_customer.items()}


def measure_lists(
    *,
    customer: NDArray[np.int32],
    item: NDArray[np.int32],
    score: Doubles,
    in_basket: NDArray[np.generic],
    is_new: NDArray[np.bool_],
    basket_size: NDArray[np.int64],
) -> ListQuality:
    """Measure every customer's list.

    Parameters
    ----------
    customer, item, score, in_basket, is_new : (n,) rows; codes of items in the order of their ids
    basket_size : (n_customers,) distinct items of the basket, candidates or not; 0 without a basket
    """
    n_customers = len(basket_size)
    place = rank_within(customer, score, item)
    shown = np.flatnonzero(place < K)
    who, hit, new = customer[shown], in_basket[shown].astype(np.float64), is_new[shown]

    def total(values: Doubles) -> Doubles:
        return np.asarray(np.bincount(who, values, minlength=n_customers), np.float64)

    size = np.maximum(basket_size, 1)
    ideal = np.concatenate(([0.0], np.cumsum(1 / np.log2(np.arange(2, max(int(size.max(initial=1)), K) + 2)))))
    gained = total(hit / np.log2(place[shown] + 2))
    return ListQuality(
        basket_size > 0,
        {
            "recall_at_10": total(hit) / size,
            "ndcg_at_10": gained / ideal[size],
            "capped_ndcg_at_10": gained / ideal[np.minimum(size, K)],
            "hit_rate_at_10": (total(hit) > 0).astype(np.float64),
            "repeat_recall_at_10": total(hit * ~new) / size,
            "explore_recall_at_10": total(hit * new) / size,
        },
    )


def measure_ranking(
    frame: Frame, forecast: Forecast, *, multiplicities: NDArray[np.int64], threshold: float
) -> Measured:
    """Measure the ranking of every customer's rows, and the probabilities of all; see :data:`FORMULAS`."""
    lists = measure_lists(
        customer=frame.customer,
        item=frame.item,
        score=forecast.value,
        in_basket=frame.y,
        is_new=frame.is_new,
        basket_size=_basket_sizes(frame),
    )
    rows = measure_pairs(frame, forecast, multiplicities=multiplicities, threshold=threshold)
    draws = lists.draws(multiplicities)
    return Measured(
        lists.means() | {name: rows.metrics[name] for name in _OF_ROWS},
        draws | {name: rows.draws[name] for name in _OF_ROWS},
    )


def _basket_sizes(frame: Frame) -> NDArray[np.int64]:
    if frame.n_outcomes is not None:
        return frame.n_outcomes
    return np.bincount(frame.customer, frame.y, minlength=len(frame.customer_ids)).astype(np.int64)
