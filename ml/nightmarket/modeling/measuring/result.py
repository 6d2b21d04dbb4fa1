"""A measured campaign in rows and in words."""

from __future__ import annotations

from nightmarket.modeling.measuring.compliance import MAX_LEAKED_SHARE, MIN_SENT_SHARE, Compliance
from nightmarket.modeling.measuring.effects import Effect
from nightmarket.modeling.measuring.split import Split

_UNITS = {"response": "responses", "revenue": "revenue"}


def describe_effect(effect: Effect, split: Split, compliance: Compliance) -> str:
    """Return one line: both arms, the difference with its interval, and what it comes to."""
    means = [effect.treated_mean, effect.holdout_mean, effect.effect, effect.interval.low, effect.interval.high]
    is_share = effect.measure == "response"
    treated, holdout, change, low, high = (f"{100 * one:.2f} %" if is_share else f"{one:.2f}" for one in means)
    total = f"{effect.total_effect:+,.0f} {_UNITS[effect.measure]} in all"
    return (
        f"{effect.measure:<9} contacted {treated}, held out {holdout}; "
        f"effect {change} per customer (95 %: {low} to {high}), {total}: {effect.verdict(split, compliance)}"
    )


def describe_split(split: Split, n: int) -> str:
    """Return one line on whether the lots fell as planned."""
    verdict = "as planned" if split.is_as_planned else "NOT as planned: something else dealt too, nothing is claimed"
    return (
        f"split     {split.n_holdout} of {n} held out, {split.expected_holdout:.0f} expected "
        f"(p = {split.p_value:.3f}): {verdict}"
    )


def describe_compliance(compliance: Compliance, cost_amount: float) -> str:
    """Return one line on how far contacts followed the decision, and what they cost (or were to, if unrecorded)."""
    if compliance.n_treated_contacted is None:
        return f"contacts  are not recorded; cost {cost_amount:,.2f}"
    verdict = (
        "as decided"
        if compliance.is_as_decided
        else f"NOT as decided (at least {MIN_SENT_SHARE:.0%} and at most {MAX_LEAKED_SHARE:.0%}): nothing is claimed"
    )
    return (
        f"contacts  {compliance.n_treated_contacted} of {compliance.n_treated} to be contacted were, and "
        f"{compliance.n_holdout_contacted} of {compliance.n_holdout} held out: {verdict}; cost {cost_amount:,.2f}"
    )
