"""Why a product is in a basket, in sentences made of the row's own facts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.baskets.build import BasketFrame, find_alike
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.sentences import counted

N_REASONS = 3
_FACTS = (
    "pair__n_orders",
    "pair__mean_interval_days",
    "pair__days_since_last_order",
    "pair__overdue_ratio",
    "pair__n_last_10",
    "pair__units",
    "customer__n_orders",
    "category__decayed_orders",
    "affinity__neighbours",
    "affinity__together",
    "product__n_customers",
)


def basket_reasons(frame: Frame, rows: NDArray[np.int64]) -> Sequence[Sequence[str | None]]:
    """Return three sentences for each of ``rows``, None where there is no more to say.

    Of a product bought before: how often and in what rhythm, how long ago, how steadily. Of a new one: what it is
    like, what it goes with, who buys it.
    """
    columns = [frame.columns[name][rows].tolist() for name in _FACTS]
    names, categories = _words(frame)
    items = frame.item[rows].tolist()
    # Here and not among the features: no model reads it, and a training explains nothing.
    text = frame.item_text if isinstance(frame, BasketFrame) else None
    alike = find_alike(frame.customer, frame.item, frame.columns["pair__n_orders"] > 0, text)[rows].tolist()
    found = []
    for item, nearest, *values in zip(items, alike, *columns, strict=True):
        facts = dict(zip(_FACTS, values, strict=True))
        if facts["pair__n_orders"] > 0:
            said = _of_bought(facts)
        else:
            said = _of_new(facts, names[nearest] if nearest >= 0 else None, categories[item])
        sentences = [sentence for sentence in said if sentence][:N_REASONS]
        found.append(sentences + [None] * (N_REASONS - len(sentences)))
    return found


def _words(frame: Frame) -> tuple[Sequence[str | None], Sequence[str | None]]:
    if isinstance(frame, BasketFrame) and frame.item_names is not None and frame.item_categories is not None:
        return frame.item_names.tolist(), frame.item_categories.tolist()
    nothing = [None] * len(frame.item_ids)
    return nothing, nothing


def _of_bought(facts: dict[str, float]) -> list[str | None]:
    n, interval, overdue = facts["pair__n_orders"], facts["pair__mean_interval_days"], facts["pair__overdue_ratio"]
    often = _times(n)
    if n > 1 and interval >= 1:
        often += f", every {counted(interval, 'day')}"
    last = f"last bought {counted(facts['pair__days_since_last_order'], 'day')} ago"
    # Two purchases are no rhythm that anything could be due by.
    if n > 2 and interval >= 1 and overdue >= 0.8:
        last += ", now due" if overdue < 1.5 else ", overdue"
    recent, shown = facts["pair__n_last_10"], min(10, round(facts["customer__n_orders"]))
    steady = f"in {round(recent)} of the last {shown} baskets" if recent >= 2 and shown > 2 else None
    several = f"usually {round(facts['pair__units'])} at a time" if facts["pair__units"] >= 1.5 else None
    return [often, last, steady, several]


def _of_new(facts: dict[str, float], like: str | None, category: str | None) -> list[str | None]:
    first = f"new for you, like {like}" if like else "new for you"
    with_what = None
    if facts["category__decayed_orders"] > 0 and category:
        with_what = f"goes with what you buy: {category}"
    elif facts["affinity__together"] > 0:
        with_what = "goes with your last baskets"
    # One in a hundred of their baskets.
    alike = "popular with shoppers like you" if facts["affinity__neighbours"] >= 0.01 else None
    many = f"bought by {round(facts['product__n_customers'])} customers" if facts["product__n_customers"] >= 2 else None
    return [first, with_what, alike, many]


def _times(value: float) -> str:
    return "bought once" if round(value) == 1 else f"bought {round(value)} times"
