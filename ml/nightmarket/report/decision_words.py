"""What a decision is worth and what a campaign brought, in sentences."""

from __future__ import annotations

from nightmarket.report.decisions import RESPONSE, CampaignResult, CampaignTargets
from nightmarket.report.wording import percent, signed

MINUS = "−"

NOT_CLAIMED = {
    "split not as planned": "customers were not split as planned",
    "not sent as decided": "it was not sent as decided",
}
"""Verdicts on campaigns whose figures prove nothing, and why."""


STAND_INS = {
    ("response rate of earlier campaigns, not proven incremental",): "the response rate of earlier campaigns",
    ("assumed response rate, not proven incremental",): "a response rate of the settings",
}
"""What the values of a night without a response model rest on, in words."""


def money(value: float, currency: str) -> str:
    """Return an amount as it is read: USD 0.80, −USD 3.10, USD 12,345."""
    digits = f"{abs(value):,.2f}" if abs(value) < 100 else f"{abs(value):,.0f}"
    return f"{MINUS if value < 0 and float(digits.replace(',', '')) else ''}{currency} {digits}".strip()


def units(value: float) -> str:
    """Return units that are expected: 3.4, 12, 1,200. Those counted, ordered or packed are said exactly."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def say_next_unit(campaign: CampaignTargets, currency: str) -> str:
    """Return what more budget would bring, in words: the dual price of the budget."""
    one = f"{currency} 1".strip()
    if campaign.dual_price is None:
        limit = "has no limit" if campaign.budget is None else "pays contacts that cost nothing"
        return f"The budget {limit}: more of it would bring nothing."
    if campaign.dual_price <= 0:
        return f"The budget is enough: the next {one} would bring nothing more."
    return f"The next {one} of budget would bring {money(campaign.dual_price, currency)} beyond itself."


def say_value_basis(campaign: CampaignTargets) -> str:
    """Return what the expected value rests on, and whether it is proven that contacts alone bring it."""
    if campaign.is_proven:
        return "The value is what the contact alone brings, as campaigns with a holdout proved."
    if campaign.value_bases in STAND_INS:
        return (
            f"There is no response model yet: {STAND_INS[campaign.value_bases]} is taken for everybody, so the lot "
            "decides among them. Not proven incremental: part of those contacted would have bought anyway."
        )
    some = "For some customers the value" if "uplift" in campaign.value_bases else "The value"
    return (
        f"{some} is that of expected responses, not proven incremental: part of those contacted would have bought "
        "anyway."
    )


def say_result(result: CampaignResult, currency: str) -> str:
    """Return what a campaign brought by one measure, with its interval of 95 %, and what that proves."""
    if result.measure == RESPONSE:
        means = (
            f"{percent(result.treated_mean)} of those chosen for contact responded, {percent(result.holdout_mean)} of"
        )
        effect = f"{signed(100 * result.effect, 2)} points"
        interval = f"{signed(100 * result.effect_low, 2)} to {signed(100 * result.effect_high, 2)}"
        total = "" if result.total_effect is None else f", {signed(result.total_effect, 0)} responses in all"
    else:
        means = (
            f"{money(result.treated_mean, currency)} of {result.measure} from each of those chosen for contact, "
            f"{money(result.holdout_mean, currency)} from each of"
        )
        effect = money(result.effect, currency)
        interval = f"{money(result.effect_low, currency)} to {money(result.effect_high, currency)}"
        total = "" if result.total_effect is None else f", {money(result.total_effect, currency)} in all"
        if result.cost_amount is not None:
            # Without a record of contacts, the cost is what they were to be.
            of = "contacts of" if result.n_treated_contacted is not None else "contacts that were to cost"
            total += f" for {of} {money(result.cost_amount, currency)}"
    made = f"The difference made: {effect} (95 %: {interval}){total}."
    return f"{means} those held out. {made}{_sent(result)} {_proof(result)}"


def _sent(result: CampaignResult) -> str:
    """Return how far the contacts followed the decision, with a space before it; nothing where none are recorded."""
    if result.n_treated_contacted is None:
        return ""
    leaked = (
        f" and {result.n_holdout_contacted:,} of {result.n_holdout:,} held out" if result.n_holdout_contacted else ""
    )
    return f" {result.n_treated_contacted:,} of {result.n_treated:,} chosen were contacted{leaked}."


def _proof(result: CampaignResult) -> str:
    if result.verdict in NOT_CLAIMED:
        return f"Nothing is claimed: {NOT_CLAIMED[result.verdict]}."
    if result.effect_low > 0:
        return "That is more than chance explains."
    if result.effect_high < 0:
        return "It did harm, more than chance explains."
    return "No effect is proven: 0 lies within the interval."
