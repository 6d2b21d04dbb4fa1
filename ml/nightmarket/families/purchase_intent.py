"""``purchase_intent``: the probability that a customer buys from a category in the next 28 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightmarket.clock import STEP_DAYS
from nightmarket.contracts import ID, Column
from nightmarket.families.base import Facts, Family, Head, Inputs, Kind, Reason
from nightmarket.modeling.sentences import HOUSEHOLD_COLUMNS, counted, is_given

if TYPE_CHECKING:
    from nightmarket.families.base import Space
    from nightmarket.modeling.frames import Frame

CUSTOMER_COLUMNS = (
    "customer__days_since_last_order",
    "customer__n_orders_28d",
    "customer__n_orders_84d",
    "customer__n_orders",
    "customer__days_since_first_order",
    "customer__spend_amount_28d",
    "customer__spend_amount_84d",
    "customer__n_categories_28d",
    "customer__n_categories_84d",
    "customer__n_categories",
    "customer__mean_interval_days",
    "customer__order_trend",
    "customer__discount_pct_84d",
    "customer__coupon_pct_84d",
    "customer__promoted_share_84d",
    "customer__n_campaign_contacts_84d",
    "customer__n_campaign_responses",
    *HOUSEHOLD_COLUMNS,
)
CATEGORY_COLUMNS = (
    "category__n_customers_28d",
    "category__n_customers_84d",
    "category__n_customers",
    "category__penetration_28d",
    "category__penetration_84d",
    "category__trend",
    "category__repeat_rate",
    "category__mean_interval_days",
    "category__discount_pct_84d",
    "category__promoted_share_28d",
    "category__mean_price_amount",
    "category__n_products",
)
PAIR_COLUMNS = (
    "pair__n_orders",
    "pair__n_orders_28d",
    "pair__n_orders_84d",
    "pair__days_since_last_order",
    "pair__days_since_first_order",
    "pair__mean_interval_days",
    "pair__overdue_ratio",
    "pair__spend_amount_84d",
    "pair__quantity_84d",
    "pair__share_of_orders",
    "pair__share_of_spend_84d",
    "pair__discount_pct_84d",
    "pair__decayed_orders",
    "pair__orders_prev_28d",
    "pair__has_active_campaign",
)


def _bought(facts: Facts) -> str | None:
    if not facts["pair__n_orders"] > 0:
        return None
    last = counted(facts["pair__days_since_last_order"], "day")
    return f"bought {counted(facts['pair__n_orders'], 'time')}, last {last} ago"


def _rhythm(facts: Facts) -> str | None:
    interval, overdue = facts["pair__mean_interval_days"], facts["pair__overdue_ratio"]
    if not (is_given(interval) and is_given(overdue)) or interval < 1:
        return None
    if overdue < 0.8:
        return f"buys it about every {counted(interval, 'day')}"
    return f"buys it about every {counted(interval, 'day')}, {'now due' if overdue < 1.5 else 'overdue'}"


def _value(facts: Facts) -> str | None:
    share = facts["pair__share_of_spend_84d"]
    if not share >= 0.005:
        return None
    return f"{100 * share:.0f} % of spend in 12 weeks" if share >= 0.01 else "regular part of spend in 12 weeks"


def _activity(facts: Facts) -> str | None:
    recent = facts["customer__n_orders_28d"]
    if recent >= 1:
        return f"shops here: {counted(recent, 'order')} in 4 weeks"
    return f"{counted(facts['customer__n_orders_84d'], 'order')} in 12 weeks" if is_given(recent) else None


def _breadth(facts: Facts) -> str | None:
    n_categories = facts["customer__n_categories_84d"]
    return f"buys from {round(n_categories)} categories in 12 weeks" if n_categories >= 2 else None


def _popularity(facts: Facts) -> str | None:
    penetration = facts["category__penetration_84d"]
    return f"{100 * penetration:.0f} % of customers bought it in 12 weeks" if is_given(penetration) else None


def _repeat(facts: Facts) -> str | None:
    repeat_rate = facts["category__repeat_rate"]
    return f"{100 * repeat_rate:.0f} % of its buyers buy it again" if is_given(repeat_rate) else None


def _promotion(facts: Facts) -> str | None:
    if facts["pair__has_active_campaign"] > 0:
        return "part of a campaign the customer was contacted for"
    discount, promoted = facts["category__discount_pct_84d"], facts["category__promoted_share_28d"]
    if promoted >= 0.2:
        return "much promoted in the last 4 weeks"
    return f"sold {discount:.0f} % below list price on average" if discount >= 5 else None


def _campaigns(facts: Facts) -> str | None:
    if facts["customer__n_campaign_responses"] >= 1:
        return f"answered campaigns {counted(facts['customer__n_campaign_responses'], 'time')}"
    return "buys much of it on promotion" if facts["customer__promoted_share_84d"] >= 0.2 else None


def _alike(facts: Facts) -> str | None:
    # A tenth of a log-count: below it the basket says too little to be told.
    return "often bought by customers with the same baskets" if facts["affinity__basket"] >= 0.1 else None


def _reads(facts: Facts) -> str | None:
    return "reads like what they already buy" if facts["text__rest_similarity"] >= 0.3 else None


def _nothing(facts: Facts) -> str | None:  # noqa: ARG001
    return None


def _come_back(facts: Facts) -> str | None:
    share = facts["demand__repeat_rate"]
    if not (facts["pair__n_orders"] > 0 and share >= 0.05):
        return None
    return f"{100 * share:.0f} % of customers who bought it as often and as lately came back within 4 weeks"


def _followed(facts: Facts) -> str | None:
    share = facts["demand__forecast"]
    return f"{100 * min(share, 0.99):.0f} % of baskets like theirs were followed by it" if share >= 0.05 else None


def _household(facts: Facts) -> str | None:
    return "fits the household's profile" if facts["customer__has_demographics"] > 0 else None


AFFINITY_COLUMNS = ("affinity__basket", "affinity__recent")
DEMAND_COLUMNS = (
    "demand__forecast",
    "demand__from_others",
    "demand__adoption",
    "demand__repeat_rate",
    "demand__neighbours",
    "demand__n_categories",
    "demand__n_new",
)
"""Learned at each origin from the windows that were closed by then; see ``modeling/intent``."""
N_TEXT_AXES = 48
"""Axes of the space of texts; the first ``N_TEXT_COMPONENTS`` are features themselves."""
N_TEXT_COMPONENTS = 2
TEXT_CUSTOMER_COLUMNS = tuple(f"text__customer_{i:02d}" for i in range(N_TEXT_COMPONENTS))
TEXT_CATEGORY_COLUMNS = tuple(f"text__category_{i:02d}" for i in range(N_TEXT_COMPONENTS))
TEXT_LEARNED_COLUMNS = ("text__forecast", "text__adoption")
TEXT_COLUMNS = (
    "text__rest_similarity",
    "text__neighbours",
    *TEXT_LEARNED_COLUMNS,
    *TEXT_CUSTOMER_COLUMNS,
    *TEXT_CATEGORY_COLUMNS,
)

REASONS = (
    Reason(
        "bought",
        (
            "pair__n_orders",
            "pair__n_orders_28d",
            "pair__n_orders_84d",
            "pair__days_since_last_order",
            "pair__days_since_first_order",
            "pair__share_of_orders",
            "pair__decayed_orders",
            "pair__orders_prev_28d",
        ),
        _bought,
    ),
    Reason("rhythm", ("pair__mean_interval_days", "pair__overdue_ratio"), _rhythm),
    Reason("value", ("pair__spend_amount_84d", "pair__quantity_84d", "pair__share_of_spend_84d"), _value),
    Reason(
        "activity",
        (
            "customer__days_since_last_order",
            "customer__n_orders_28d",
            "customer__n_orders_84d",
            "customer__n_orders",
            "customer__days_since_first_order",
            "customer__spend_amount_28d",
            "customer__spend_amount_84d",
            "customer__mean_interval_days",
            "customer__order_trend",
        ),
        _activity,
    ),
    Reason(
        "breadth",
        (
            "customer__n_categories_28d",
            "customer__n_categories_84d",
            "customer__n_categories",
            "demand__n_categories",
            "demand__n_new",
        ),
        _breadth,
    ),
    Reason(
        "popularity",
        (
            "category__n_customers_28d",
            "category__n_customers_84d",
            "category__n_customers",
            "category__penetration_28d",
            "category__penetration_84d",
            "category__trend",
            "category__mean_price_amount",
            "category__n_products",
        ),
        _popularity,
    ),
    Reason("repeat", ("category__repeat_rate", "category__mean_interval_days"), _repeat),
    Reason(
        "promotion",
        (
            "pair__discount_pct_84d",
            "pair__has_active_campaign",
            "category__discount_pct_84d",
            "category__promoted_share_28d",
        ),
        _promotion,
    ),
    Reason(
        "campaigns",
        (
            "customer__discount_pct_84d",
            "customer__coupon_pct_84d",
            "customer__promoted_share_84d",
            "customer__n_campaign_contacts_84d",
            "customer__n_campaign_responses",
        ),
        _campaigns,
    ),
    Reason("come_back", ("demand__repeat_rate",), _come_back),
    Reason("followed", ("demand__forecast",), _followed),
    Reason("alike", (*AFFINITY_COLUMNS, "demand__from_others", "demand__adoption", "demand__neighbours"), _alike),
    Reason("reads", ("text__rest_similarity", "text__neighbours", *TEXT_LEARNED_COLUMNS), _reads),
    # Where on the map of texts a customer and a category lie says something to trees and nothing to people.
    Reason("text_position", (*TEXT_CUSTOMER_COLUMNS, *TEXT_CATEGORY_COLUMNS), _nothing),
    Reason("household", HOUSEHOLD_COLUMNS, _household),
)


def _fit_space(frame: Frame, inputs: Inputs) -> Space:
    from nightmarket.modeling.text_features import fit_text_projection

    rows = inputs.text_rows(frame)
    return fit_text_projection(rows, min(N_TEXT_AXES, rows.vectors.shape[1])).to_arrays()


def _derive(frame: Frame, inputs: Inputs, space: Space) -> Frame:
    from nightmarket.modeling.features import derive_features
    from nightmarket.text.profiles import Projection

    return derive_features(frame, inputs, Projection.from_arrays(space), N_TEXT_COMPONENTS)


FAMILY = Family(
    name="purchase_intent",
    title="Purchase intent",
    description="Who will buy what. One row per customer, category and night.",
    keys=(Column("customer_id", ID, "The customer."), Column("category_id", ID, "The category.")),
    predictions=(
        Column(
            "probability",
            "DOUBLE",
            "Calibrated probability that the customer buys from the category within the horizon: of the rows"
            " near .3, about 3 in 10 do.",
        ),
    ),
    heads=(
        Head(
            "probability",
            Kind.PROBABILITY,
            horizon_days=STEP_DAYS,
            recipes=("trees_and_line", "logistic_regression", "frequency"),
            baseline="frequency",
            metrics="pairs",
            gate_metric="average_precision",
            compared=("lightgbm", "popularity", "recency"),
            calibrate_share=0.2,
        ),
    ),
    feature_view="features.ftr_purchase_intent",
    label_table="labels.lbl_purchase_intent",
    columns=(*CUSTOMER_COLUMNS, *CATEGORY_COLUMNS, *PAIR_COLUMNS),
    derived_columns=(*AFFINITY_COLUMNS, *DEMAND_COLUMNS, *TEXT_COLUMNS),
    uses_text=True,
    max_train_origins=2,
    fit_space=_fit_space,
    derive=_derive,
    reasons=REASONS,
)
