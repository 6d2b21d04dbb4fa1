"""A campaign as it is known at the night, and the terms on which its contacts are weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from nightmarket.clock import STEP_DAYS
from nightmarket.decisions.exact import exact_percent
from nightmarket.decisions.targets.holdout import validate_share

_HAIR = 1e-12


class Status(StrEnum):
    """Where a campaign stands on a night."""

    RUNNING = "running"
    STARTING = "starting"
    PLANNED = "planned"
    LATER = "later"
    PAST = "past"

    @property
    def is_decided(self) -> bool:
        """Whether tonight decides on it."""
        return self in (Status.RUNNING, Status.STARTING, Status.PLANNED)


@dataclass(frozen=True)
class Plan:
    """What ``campaign_plans`` says of a campaign; None where it does not. Amounts in the shop's currency."""

    budget_amount: float | None = None
    cost_per_contact_amount: float | None = None
    value_per_response_amount: float | None = None
    margin_pct: float | None = None
    holdout_pct: float | None = None


@dataclass(frozen=True)
class KnownCampaign:
    """A campaign in its newest version that had arrived before the night.

    Attributes
    ----------
    plan : None where none had arrived
    plan_fault : reason code of its newest plan where that breaks the contract; then nobody knows its limits
    """

    campaign_id: str
    start_date: date
    end_date: date
    plan: Plan | None = None
    plan_fault: str | None = None

    def status(self, as_of: date) -> Status:
        """Return where the campaign stands on the night ``as_of``; its last day is still a day to contact on."""
        if self.end_date < as_of:
            return Status.PAST
        if self.start_date <= as_of:
            return Status.RUNNING
        if self.start_date <= as_of + timedelta(days=STEP_DAYS):
            return Status.STARTING
        return Status.PLANNED if self.plan is not None or self.plan_fault is not None else Status.LATER


@dataclass(frozen=True)
class Defaults:
    """What holds where a plan says nothing.

    Attributes
    ----------
    spend_per_response_amount : mean spend of those who responded to earlier campaigns on what these offered; None
        where nobody has responded yet
    """

    cost_per_contact_amount: float
    margin_pct: float
    holdout_pct: float
    spend_per_response_amount: float | None


@dataclass(frozen=True)
class Terms:
    """On what terms a contact of one campaign is weighed: every gap of its plan filled, and said in ``notes``.

    Attributes
    ----------
    value_per_response_amount : sales of one response before margin; None where nothing is known of it
    holdout_share : between 0 and 1
    notes : in words, what was not given and what stands in for it
    """

    budget_amount: float | None
    cost_amount: float
    value_per_response_amount: float | None
    margin_pct: float
    holdout_share: float
    notes: tuple[str, ...]


def settle_terms(
    campaign: KnownCampaign, defaults: Defaults, *, mean_price_amount: float | None, is_proven: bool = False
) -> Terms:
    """Fill what the campaign's plan does not say.

    Parameters
    ----------
    mean_price_amount : of the products it offers; what a response is taken to be worth where nobody has responded to a
        campaign yet. None where no price is known.
    is_proven : what a contact brings is known, so nothing needs to stand in for the value of a response

    Raises
    ------
    InvalidSetting
        The holdout is not above 0 and below 100 %.
    """
    # What of an older plan still holds where a newer one cannot be read, nobody knows; and nobody is contacted by it.
    plan = Plan() if campaign.plan is None or campaign.plan_fault is not None else campaign.plan
    notes = _gaps(campaign.plan)
    value = plan.value_per_response_amount
    if value is None and not is_proven and defaults.spend_per_response_amount is not None:
        value = defaults.spend_per_response_amount
        notes.append("a response taken to be worth what earlier responders spent")
    elif value is None and not is_proven and mean_price_amount is not None:
        value = mean_price_amount
        notes.append("a response taken to be worth one product")
    holdout_pct = _or(plan.holdout_pct, defaults.holdout_pct)
    return Terms(
        budget_amount=plan.budget_amount,
        cost_amount=_or(plan.cost_per_contact_amount, defaults.cost_per_contact_amount),
        value_per_response_amount=value,
        margin_pct=_or(plan.margin_pct, defaults.margin_pct),
        # Of the decimal as it was written: 99.9 / 100 is 0.9990000000000001 in binary.
        holdout_share=validate_share(float(Decimal(str(holdout_pct)) / 100), campaign.campaign_id),
        notes=() if campaign.plan_fault is not None else tuple(notes),
    )


def warn_of_release(terms: Terms, earlier_share: float | None) -> Terms:
    """Return the terms with a word on a holdout that was lowered after the campaign was sent to somebody.

    Those between the two shares were held out and may be contacted now: then nothing tells what the campaign brought.

    Parameters
    ----------
    earlier_share : the greatest that an earlier night held out; None where none did, or nobody was contacted yet
    """
    # Nights before this rounding published shares that are a hair above those of the same percentage.
    if earlier_share is None or earlier_share <= terms.holdout_share + _HAIR:
        return terms
    before, now = exact_percent(earlier_share), exact_percent(terms.holdout_share)
    note = (
        f"holdout lowered from {before} to {now} % while it runs: some who were held out may be contacted, which spoils"
        " its measurement"
    )
    return replace(terms, notes=(*terms.notes, note))


def plans_without_campaign(planned: Mapping[str, Plan], known: Mapping[str, KnownCampaign]) -> list[str]:
    """Return the ids that have a plan and no dates: nobody can be contacted for them."""
    return sorted(planned.keys() - known.keys())


def _gaps(plan: Plan | None) -> list[str]:
    if plan is None:
        return ["no plan: no budget, cost and margin of the settings"]
    missing = {"cost": plan.cost_per_contact_amount, "margin": plan.margin_pct}
    unsaid = [name for name, given in missing.items() if given is None]
    return [f"{' and '.join(unsaid)} of the settings"] if unsaid else []


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
