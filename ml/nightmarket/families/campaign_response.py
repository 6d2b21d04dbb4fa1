"""``campaign_response``: who answers a campaign, by what was known of the customer before it started."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nightmarket.clock import STEP_DAYS
from nightmarket.contracts import ID, Column
from nightmarket.families.base import Facts, Family, Head, Kind, Reason
from nightmarket.modeling.sentences import HOUSEHOLD, counted

if TYPE_CHECKING:
    from nightmarket.families.base import Inputs, Space
    from nightmarket.modeling.frames import Frame

CUT = "cut_date"


def _coupon_habit(facts: Facts) -> str | None:
    lines = facts["customer__n_coupon_lines_84d"]
    if lines >= 1:
        return f"used coupons for {counted(lines, 'item')} in 12 weeks"
    return "used no coupon in 12 weeks" if lines == 0 else None


def _answers(facts: Facts) -> str | None:
    answered = facts["response__n_campaigns_responded"]
    if answered >= 1:
        return f"answered {counted(answered, 'campaign')} before"
    return "has answered none of the campaigns so far" if facts["response__days_since_last_contact"] >= 1 else None


def _contacts(facts: Facts) -> str | None:
    contacts = facts["response__n_contacts_84d"]
    if contacts >= 1:
        return f"contacted by {counted(contacts, 'campaign')} in 12 weeks"
    return "not contacted by a campaign in 12 weeks" if contacts == 0 else None


def _bought(facts: Facts) -> str | None:
    lines, days = facts["match__n_lines_84d"], facts["match__days_since_last_order"]
    if lines >= 1:
        return f"bought {counted(lines, 'item')} of the campaign in 12 weeks"
    return None if math.isnan(days) else f"last bought something of the campaign {counted(days, 'day')} ago"


def _coupons_for_them(facts: Facts) -> str | None:
    matching, given = facts["match__n_coupons_84d"], facts["campaign__n_coupons"]
    if not given >= 1 or not matching >= 1:
        return None
    return f"{round(matching)} of its {counted(given, 'coupon')} for what they buy"


def _with_coupons(facts: Facts) -> str | None:
    lines = facts["match__n_coupon_lines_168d"]
    if lines >= 1:
        return f"bought {counted(lines, 'item')} of the campaign with a coupon in 24 weeks"
    return "bought nothing of the campaign with a coupon in 24 weeks" if lines == 0 else None


def _redeemed(facts: Facts) -> str | None:
    coupons = facts["match__n_redeemed_coupons"]
    return f"redeemed {counted(coupons, 'coupon')} for the same products before" if coupons >= 1 else None


def _visits(facts: Facts) -> str | None:
    visits = facts["customer__n_visits_84d"]
    return f"{counted(visits, 'visit')} in 12 weeks" if visits >= 1 else None


def _absence(facts: Facts) -> str | None:
    days = facts["customer__days_since_last_order"]
    return f"last visit {counted(days, 'day')} before" if days >= 1 else None


def _basket(facts: Facts) -> str | None:
    lines, amount = facts["customer__lines_per_visit"], facts["customer__visit_amount"]
    return f"takes {counted(lines, 'item')} a visit, for {amount:.0f}" if lines >= 1 and amount >= 0 else None


def _discounts(facts: Facts) -> str | None:
    share = facts["customer__discounted_line_share"]
    return f"{100 * share:.0f} % of the items at a discount" if share > 0 else None


def _kind(facts: Facts) -> str | None:
    share = facts["campaign__type_response_share"]
    return f"{100 * share:.0f} % answered earlier campaigns of this kind" if share > 0 else None


def _size(facts: Facts) -> str | None:
    coupons, days = facts["campaign__n_coupons"], facts["campaign__duration_days"]
    return f"{counted(coupons, 'coupon')} over {counted(days, 'day')}" if coupons >= 1 and days >= 1 else None


def _reads(facts: Facts) -> str | None:
    return "its coupons read like what they buy" if facts["text__coupon_top5"] > 0.3 else None


REASONS = (
    Reason(
        "coupon habit",
        (
            "customer__n_coupon_lines_28d",
            "customer__n_coupon_lines_84d",
            "customer__n_coupon_lines_168d",
            "customer__n_coupon_visits_84d",
            "customer__decayed_coupon_lines_28d",
            "customer__decayed_coupon_lines_84d",
            "customer__coupon_amount_84d",
            "customer__coupon_line_share",
            "customer__coupon_visit_share",
            "customer__days_since_last_coupon",
        ),
        _coupon_habit,
    ),
    Reason(
        "answers",
        (
            "response__n_campaigns_responded",
            "response__n_responses_84d",
            "response__n_responses_168d",
            "response__decayed_responses_84d",
            "response__decayed_responses_168d",
            "response__response_share",
            "response__days_since_last_response",
        ),
        _answers,
    ),
    Reason("contacts", ("response__n_contacts_84d", "response__days_since_last_contact"), _contacts),
    Reason(
        "bought",
        (
            "match__days_since_last_order",
            "match__n_lines_28d",
            "match__n_lines_84d",
            "match__n_lines_168d",
            "match__n_products_84d",
            "match__n_products_168d",
            "match__n_discounted_lines_84d",
            "match__spend_amount_84d",
            "match__decayed_lines_28d",
            "match__decayed_lines_84d",
            "match__line_share",
        ),
        _bought,
    ),
    Reason(
        "coupons for them",
        (
            "match__n_coupons_84d",
            "match__n_coupons_168d",
            "match__n_coupons_twice_84d",
            "match__max_coupon_lines_84d",
            "match__log_lines_84d",
            "match__weighted_lines_84d",
        ),
        _coupons_for_them,
    ),
    Reason(
        "with coupons",
        (
            "match__n_coupon_lines_84d",
            "match__n_coupon_lines_168d",
            "match__decayed_coupon_lines_84d",
            "match__n_coupons_with_coupon_168d",
            "match__log_coupon_lines_168d",
        ),
        _with_coupons,
    ),
    Reason(
        "redeemed",
        ("match__n_same_coupons", "match__n_redeemed_coupons", "match__n_redeemed_products"),
        _redeemed,
    ),
    Reason(
        "visits",
        (
            "customer__n_visits_28d",
            "customer__n_visits_84d",
            "customer__n_visits_168d",
            "customer__spend_amount_28d",
            "customer__spend_amount_84d",
            "customer__decayed_lines_84d",
            "customer__days_since_first_order",
        ),
        _visits,
    ),
    Reason("absence", ("customer__days_since_last_order",), _absence),
    Reason("basket", ("customer__lines_per_visit", "customer__visit_amount", "customer__max_lines_168d"), _basket),
    Reason("discounts", ("customer__discounted_line_share", "customer__discount_share"), _discounts),
    Reason("kind", ("campaign__type_response_share",), _kind),
    Reason("size", ("campaign__n_coupons", "campaign__n_products", "campaign__duration_days"), _size),
    Reason("reads", ("text__coupon_mean", "text__coupon_best", "text__coupon_top5"), _reads),
    HOUSEHOLD,
)
"""What each group of features says, in the customer's own figures."""

TEXT = ("text__coupon_mean", "text__coupon_best", "text__coupon_top5")


def _fit_space(frame: Frame, inputs: Inputs) -> Space:
    from nightmarket.modeling.campaigns.text_match import fit_text_space

    return fit_text_space(frame, inputs, CUT).to_arrays()


def _derive(frame: Frame, inputs: Inputs, space: Space) -> Frame:
    from nightmarket.modeling.campaigns.text_match import text_columns
    from nightmarket.text.profiles import Projection

    return frame.with_columns(text_columns(frame, inputs, Projection.from_arrays(space), CUT))


FAMILY = Family(
    name="campaign_response",
    title="Campaign response",
    description=(
        "Who answers a campaign that runs or is to come. One row per customer, campaign and night; the horizon of a"
        " row is the last day of its campaign."
    ),
    keys=(Column("customer_id", ID, "The customer."), Column("campaign_id", ID, "The campaign.")),
    predictions=(
        Column(
            "probability",
            "DOUBLE",
            "Calibrated probability that the customer answers the campaign from its first day to its last, by what was"
            " known before its first.",
        ),
    ),
    heads=(
        Head(
            "probability",
            Kind.PROBABILITY,
            horizon_days=STEP_DAYS,
            recipes=("stiff_line", "few_trees", "stiff_blend", "coupon_lines"),
            baseline="coupon_lines",
            metrics="pairs",
            gate_metric="roc_auc",
            outcome="has_responded",
            compared=("past_responses",),
            calibrates_level=True,
        ),
    ),
    feature_view="features.ftr_campaign_response",
    label_table="labels.lbl_campaign_response",
    columns=tuple(feature for reason in REASONS for feature in reason.features if feature not in TEXT),
    derived_columns=TEXT,
    reasons=REASONS,
    uses_text=True,
    fit_space=_fit_space,
    derive=_derive,
    is_optional=True,
    cut_column=CUT,
    horizon_feature="days_to_end",
)
