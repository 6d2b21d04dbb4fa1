"""``customer_health``: who is about to stay away, who will spend less, and how much to expect of everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nightmarket.clock import STEP_DAYS
from nightmarket.contracts import ID, TEXT, Column
from nightmarket.families.base import Facts, Family, Head, Kind, Reason
from nightmarket.modeling.sentences import HOUSEHOLD, counted, is_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nightmarket.modeling.forecast import Forecast
    from nightmarket.modeling.frames import Frame

AMOUNT_DAYS = 2 * STEP_DAYS
"""Window of the spend and of the next visit: four in five customers come within 28 days, nine in ten within 56."""


def _absence(facts: Facts) -> str | None:
    absent, interval = facts["customer__days_since_last_order"], facts["customer__mean_interval_days"]
    if not is_given(absent):
        return None
    usual = f", usually every {counted(interval, 'day')}" if is_given(interval) and interval >= 1 else ""
    return f"last visit {counted(absent, 'day')} ago{usual}"


def _rhythm(facts: Facts) -> str | None:
    longest = facts["health__max_interval_days"]
    if not longest >= 1:
        return "came once so far" if facts["health__n_intervals"] == 0 else None
    if longest >= STEP_DAYS:
        return f"has stayed away for {counted(longest, 'day')} before"
    return f"has never stayed away for more than {counted(longest, 'day')}"


def _frequency(facts: Facts) -> str | None:
    visits = facts["health__n_visits_84d"]
    return f"{counted(visits, 'visit')} in 12 weeks" if is_given(visits) else None


def _trend(facts: Facts) -> str | None:
    ratio = facts["health__visits_over_84d"]
    if not is_given(ratio) or 0.7 < ratio < 1.3:
        return None
    said = "less" if ratio < 1 else "more"
    return f"comes {said} often than before: {counted(facts['health__n_visits_28d'], 'visit')} in 4 weeks"


def _spend(facts: Facts) -> str | None:
    spend, month = facts["health__spend_amount_28d"], facts["health__mean_month_amount"]
    if not (is_given(spend) and is_given(month)):
        return None
    return f"spent {spend:.0f} in 4 weeks, {month:.0f} on average"


def _swing(facts: Facts) -> str | None:
    level, drops = facts["health__spend_over_84d"], facts["health__drop_share"]
    if level >= 1.3:
        return "spent more than usual lately"
    if facts["health__largest_day_share_28d"] >= 0.5:
        return "half of the spend of 4 weeks was one visit"
    return f"spend halved from one month to the next {100 * drops:.0f} % of the time" if drops >= 0.1 else None


def _basket(facts: Facts) -> str | None:
    n_categories, amount = facts["customer__n_categories_84d"], facts["health__visit_amount_84d"]
    if not (n_categories >= 1 and is_given(amount)):
        return None
    said = "1 category" if round(n_categories) == 1 else f"{round(n_categories)} categories"
    return f"buys from {said} in 12 weeks, {amount:.0f} a visit"


def _offers(facts: Facts) -> str | None:
    if facts["customer__n_campaign_responses"] >= 1:
        return f"answered campaigns {counted(facts['customer__n_campaign_responses'], 'time')}"
    contacts = facts["customer__n_campaign_contacts_84d"]
    if contacts >= 1:
        return f"contacted by {counted(contacts, 'campaign')} in 12 weeks, without an answer"
    return "not contacted by a campaign in 12 weeks" if is_given(contacts) else None


def _tenure(facts: Facts) -> str | None:
    known = facts["customer__days_since_first_order"]
    # Of a customer who has long been there, how long says nothing any more.
    return f"customer for {counted(known / 7, 'week')}" if 7 <= known <= 3 * STEP_DAYS else None


REASONS = (
    Reason(
        "absence",
        (
            "customer__days_since_last_order",
            "health__last_interval_days",
            "health__absence_over_mean_interval",
            "health__absence_over_p90_interval",
            "health__absence_over_max_interval",
            "health__own_lapse_share",
        ),
        _absence,
    ),
    Reason(
        "rhythm",
        (
            "customer__mean_interval_days",
            "health__n_intervals",
            "health__median_interval_days",
            "health__p90_interval_days",
            "health__max_interval_days",
            "health__sd_interval_days",
            "health__absent_share",
            "health__empty_month_share",
        ),
        _rhythm,
    ),
    Reason(
        "frequency",
        (
            "customer__n_orders",
            "health__n_visits_7d",
            "health__n_visits_14d",
            "health__n_visits_28d",
            "health__n_visits_56d",
            "health__n_visits_84d",
            "health__n_visits_168d",
            "health__decayed_visits_14d",
            "health__decayed_visits_28d",
            "health__decayed_visits_56d",
            "health__n_active_weeks_4w",
            "health__n_active_weeks_8w",
            "health__n_active_weeks_12w",
            "health__n_active_weeks_24w",
        ),
        _frequency,
    ),
    Reason("trend", ("health__visits_over_84d", "health__visits_slope", "health__spend_slope_amount"), _trend),
    Reason(
        "spend",
        (
            "health__spend_amount_7d",
            "health__spend_amount_14d",
            "health__spend_amount_28d",
            "health__spend_amount_56d",
            "health__spend_amount_84d",
            "health__spend_amount_168d",
            "health__decayed_spend_amount_28d",
            "health__decayed_spend_amount_56d",
            "health__decayed_spend_amount_112d",
            "health__mean_month_amount",
            "health__min_month_amount",
            "health__median_month_amount",
            "health__max_month_amount",
        ),
        _spend,
    ),
    Reason(
        "swing",
        (
            "health__sd_week_amount",
            "health__sd_month_amount",
            "health__below_half_share",
            "health__drop_share",
            "health__spend_over_mean_month",
            "health__spend_over_84d",
            "health__largest_day_amount_28d",
            "health__largest_day_share_28d",
            "health__last_visit_amount",
            "health__last_visit_over_mean",
        ),
        _swing,
    ),
    Reason(
        "basket",
        (
            "customer__n_categories_28d",
            "customer__n_categories_84d",
            "customer__n_categories",
            "health__visit_amount_28d",
            "health__visit_amount_84d",
            "health__lines_per_visit_84d",
            "health__weekend_share_84d",
        ),
        _basket,
    ),
    Reason(
        "offers",
        (
            "customer__discount_pct_84d",
            "customer__coupon_pct_84d",
            "customer__promoted_share_84d",
            "customer__n_campaign_contacts_84d",
            "customer__n_campaign_responses",
        ),
        _offers,
    ),
    Reason("tenure", ("customer__days_since_first_order",), _tenure),
    HOUSEHOLD,
)


def _describe(frame: Frame, forecasts: Mapping[str, Forecast]) -> dict[str, NDArray[Any]]:
    """Name each customer's segment; and no customer is expected later than the window that was looked at."""
    import numpy as np

    from nightmarket.modeling.health.rfm import segment_customers

    found: dict[str, NDArray[Any]] = {
        "segment": segment_customers(
            {
                "known_days": frame.columns["customer__days_since_first_order"],
                "absent_days": frame.columns["customer__days_since_last_order"],
                "absence": frame.columns["health__absence_over_p90_interval"],
                "visit_trend": frame.columns["health__visits_over_84d"],
                "visits": frame.columns["health__n_visits_84d"],
                "spend": frame.columns["health__spend_amount_84d"],
            }
        )
    }
    days = forecasts.get("expected_days_to_next_visit")
    if days is not None and days.low is not None and days.high is not None:
        for suffix, values in (("", days.value), ("_low", days.low), ("_high", days.high)):
            found[f"expected_days_to_next_visit{suffix}"] = np.minimum(values, AMOUNT_DAYS)
    return found


FAMILY = Family(
    name="customer_health",
    title="Customer health",
    description="Who is about to stay away, and what to expect of everybody. One row per active customer and night.",
    keys=(Column("customer_id", ID, "The customer."),),
    predictions=(
        Column(
            "probability",
            "DOUBLE",
            "Calibrated probability of a lapse: no purchase within the horizon.",
        ),
        Column(
            "spend_drop_probability",
            "DOUBLE",
            "Calibrated probability that the spend of the 28 days from as_of_date is less than half of that of the 28"
            " days before; null where it cannot be told yet.",
        ),
        Column(
            "expected_spend_56d",
            "DOUBLE",
            "Spend to expect in the 56 days from as_of_date, in the shop's currency; null until there is a year's"
            " third of history.",
        ),
        Column("expected_spend_56d_low", "DOUBLE", "Lower end of the interval that holds 80 % of the outcomes."),
        Column("expected_spend_56d_high", "DOUBLE", "Upper end of that interval."),
        Column(
            "expected_days_to_next_visit",
            "DOUBLE",
            "Days from as_of_date to the next purchase to expect, counting 56 where none comes in 56 days; null like"
            " the spend.",
        ),
        Column("expected_days_to_next_visit_low", "DOUBLE", "Lower end of the interval that holds 80 % of them."),
        Column("expected_days_to_next_visit_high", "DOUBLE", "Upper end of that interval."),
        Column(
            "segment",
            TEXT,
            "By recency, frequency and money: new, about to leave, slipping, champions, loyal, big baskets,"
            " occasional or regular.",
        ),
    ),
    heads=(
        Head(
            "probability",
            Kind.PROBABILITY,
            horizon_days=STEP_DAYS,
            recipes=("blend", "shallow_trees", "logistic_regression", "visits_84d"),
            baseline="visits_84d",
            metrics="pairs",
            gate_metric="roc_auc",
            outcome="has_lapsed",
            compared=("recency",),
        ),
        Head(
            "spend_drop_probability",
            Kind.PROBABILITY,
            horizon_days=STEP_DAYS,
            recipes=("blend", "shallow_trees", "logistic_regression", "visits_84d"),
            baseline="visits_84d",
            metrics="pairs",
            gate_metric="roc_auc",
            outcome="has_dropped_spend",
            compared=("spend_level", "recency"),
        ),
        Head(
            "expected_spend_56d",
            Kind.AMOUNT,
            horizon_days=AMOUNT_DAYS,
            recipes=("amount_blend", "amount_trees", "amount_ridge", "btyd", "run_rate"),
            baseline="run_rate",
            metrics="amounts",
            gate_metric="wape",
            outcome="spend_amount_56d",
        ),
        Head(
            "expected_days_to_next_visit",
            Kind.AMOUNT,
            horizon_days=AMOUNT_DAYS,
            recipes=("amount_blend", "amount_trees", "amount_ridge", "rhythm"),
            baseline="rhythm",
            metrics="amounts",
            gate_metric="mae",
            outcome="days_without_visit",
        ),
    ),
    feature_view="features.ftr_customer_health",
    reads_pairs=False,
    label_table="labels.lbl_customer_health",
    columns=tuple(feature for reason in REASONS for feature in reason.features),
    reasons=REASONS,
    describe=_describe,
)
