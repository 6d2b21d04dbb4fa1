"""``next_basket``: which products go into a customer's next basket, the 20 most likely ones in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from nightmarket.clock import STEP_DAYS
from nightmarket.contracts import COUNT, FLAG, ID, Column
from nightmarket.families.base import Family, Head, Inputs, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nightmarket.modeling.forecast import Forecast
    from nightmarket.modeling.frames import Frame

N_PUBLISHED = 20

PAIR_FEATURES = (
    "pair__n_orders",
    "pair__decayed_orders",
    "pair__decayed_orders_98",
    "pair__decayed_orders_85",
    "pair__halved_7d",
    "pair__halved_28d",
    "pair__halved_84d",
    "pair__basket_weight",
    "pair__share_of_baskets",
    "pair__share_since_first",
    "pair__rank",
    "pair__n_last_10",
    "pair__baskets_since_last",
    "pair__days_since_last_order",
    "pair__days_since_first_order",
    "pair__mean_interval_days",
    "pair__mean_interval_baskets",
    "pair__last_interval_days",
    "pair__interval_spread",
    "pair__overdue_ratio",
    "pair__overdue_baskets",
    "pair__overdue_next",
    "pair__units",
    "pair__share_of_spend",
    "pair__mean_basket_size",
)
GROUP_FEATURES = ("decayed_orders", "basket_weight", "baskets_since_last", "overdue_baskets", "share_within")
PRODUCT_FEATURES = (
    "product__penetration_7d",
    "product__penetration_28d",
    "product__penetration_84d",
    "product__trend_7d",
    "product__trend_28d",
    "product__n_customers",
    "product__repeat_rate",
    "product__orders_per_customer",
    "product__mean_interval_days",
    "product__overdue_ratio",
    "product__price_amount",
    "product__mean_basket_size",
)
CUSTOMER_FEATURES = (
    "customer__n_orders",
    "customer__n_orders_28d",
    "customer__days_since_last_order",
    "customer__mean_interval_days",
    "customer__basket_size",
    "customer__recent_basket_size",
    "customer__last_basket_size",
)
AFFINITY_FEATURES = ("affinity__neighbours", "factor__similarity", "affinity__together")
FEATURES = (
    *PAIR_FEATURES,
    *(f"category__{name}" for name in GROUP_FEATURES),
    *(f"kind__{name}" for name in GROUP_FEATURES),
    *PRODUCT_FEATURES,
    *CUSTOMER_FEATURES,
    *AFFINITY_FEATURES,
)
"""What recipes read, in order; :mod:`nightmarket.modeling.baskets.features` makes it."""


def _build(inputs: Inputs, as_of: date) -> Frame:
    from nightmarket.modeling.baskets.build import build_basket_rows

    return build_basket_rows(inputs, as_of)


def _describe(frame: Frame, forecasts: Mapping[str, Forecast]) -> Mapping[str, NDArray[Any]]:
    from nightmarket.modeling.baskets.history import rank_within

    place = rank_within(frame.customer, forecasts["probability"].value, frame.item)
    return {"rank": place + 1, "is_repeat": frame.columns["pair__n_orders"] > 0}


def _reasons(frame: Frame, rows: NDArray[np.int64]) -> Sequence[Sequence[str | None]]:
    from nightmarket.modeling.baskets.reasons import basket_reasons

    return basket_reasons(frame, rows)


FAMILY = Family(
    name="next_basket",
    title="Next basket",
    description=(
        f"What goes into each active customer's next basket: the {N_PUBLISHED} most likely products, fewer where there"
        " are fewer candidates. Active is who bought in the last 56 days. One row per customer, product and night."
    ),
    keys=(Column("customer_id", ID, "The customer."), Column("product_id", ID, "The product.")),
    predictions=(
        Column(
            "rank",
            COUNT,
            "Place in the customer's list, 1 the most likely; of equal probabilities the lesser product_id first.",
        ),
        Column(
            "probability",
            "DOUBLE",
            "Calibrated probability that the product is in the customer's first basket of the horizon (a customer who"
            " does not come has none): of the rows near .3, about 3 in 10 are.",
        ),
        Column("is_repeat", FLAG, "True where the customer has bought the product before."),
    ),
    heads=(
        Head(
            "probability",
            Kind.PROBABILITY,
            horizon_days=STEP_DAYS,
            recipes=("lambdarank", "decayed_frequency", "personal_frequency"),
            baseline="decayed_frequency",
            metrics="ranking",
            gate_metric="ndcg_at_10",
            compared=("logistic_regression", "popularity", "recency"),
        ),
    ),
    label_table="labels.lbl_next_basket",
    derived_columns=FEATURES,
    uses_text=True,
    # Four order lists no better than seeds differ, at tests of 2017-10-30 and 11-27, and cost the night ten seconds.
    max_train_origins=2,
    top_k=N_PUBLISHED,
    n_reasons_top=N_PUBLISHED,
    build=_build,
    describe=_describe,
    make_reasons=_reasons,
    reasons=(),
)
