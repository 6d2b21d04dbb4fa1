"""What the policy decides on: who is scored for which campaign, and all that weighs in of each campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.clock import STEP_DAYS
from nightmarket.decisions.targets.campaign import Terms
from nightmarket.decisions.targets.stock import Offer
from nightmarket.decisions.targets.table import NOT_PROVEN
from nightmarket.decisions.targets.value import UNITS, in_units


@dataclass(frozen=True)
class Candidates:
    """Everybody who is scored for a campaign of the night, sorted by campaign, then customer.

    Attributes
    ----------
    campaign_ids, customer_ids : sorted, each once
    campaign, customer : positions in them, shape (n,)
    probability : of a response, shape (n,)
    incremental_amount : sales that a contact alone brings; NaN where not proven, shape (n,)
    contacted_on : day of the contact for this campaign; NaT where there was none, shape (n,)
    n_recent_contacts : of each customer, for whatever campaign, in the 28 days before the night, shape (n_customers,)
    response_basis : what the probabilities rest on, as ``value_basis`` says it where uplift is not proven
    """

    campaign_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    campaign: NDArray[np.int64]
    customer: NDArray[np.int64]
    probability: NDArray[np.float64]
    incremental_amount: NDArray[np.float64]
    contacted_on: NDArray[np.datetime64]
    n_recent_contacts: NDArray[np.int64]
    response_basis: str = NOT_PROVEN

    def __len__(self) -> int:
        return len(self.campaign)


@dataclass(frozen=True)
class Campaign:
    """One campaign of the night with all that weighs in.

    Attributes
    ----------
    n_contacted : customers contacted for it before, scored or not; what they cost is gone from its budget
    is_proven : what a contact brings is known, whatever a response is worth
    plan_fault : reason code of its newest plan where landing set that aside
    """

    campaign_id: str
    start_date: date
    is_running: bool
    terms: Terms
    offer: Offer
    n_contacted: int
    is_proven: bool = False
    plan_fault: str | None = None

    def period(self, as_of: date) -> int:
        """Return in which 28 days from the night on its contacts are made; 0 is the first.

        The first ends with day 28 itself: all that runs or starts within 28 days is decided together, under one cap.
        """
        return max((self.start_date - as_of).days - 1, 0) // STEP_DAYS

    @property
    def budget_left(self) -> float:
        """What is left of the budget for tonight, in whole ten-thousandths of the currency; inf without a limit."""
        budget = self.terms.budget_amount
        if budget is None:
            return float("inf")
        return max(in_units(budget) - self.n_contacted * in_units(self.terms.cost_amount), 0)

    @property
    def pays_a_contact(self) -> bool:
        """Whether the budget that is left is enough for one more contact."""
        return in_units(self.terms.cost_amount) <= self.budget_left

    @property
    def is_worth_something(self) -> bool:
        """Whether anything that it offers can be shipped, has a value that is known, and limits that are."""
        has_value = self.is_proven or self.terms.value_per_response_amount is not None
        return self.offer.shippable_share > 0 and has_value and self.plan_fault is None

    @property
    def obstacle(self) -> str | None:
        """Why nobody is contacted for it at all, in words; None where nothing is in the way."""
        if self.plan_fault is not None:
            return (
                f"its plan breaks the contract ({self.plan_fault}) and was set aside, so its budget is not known: mend"
                " its row in campaign_plans"
            )
        if self.offer.is_unknown:
            return (
                "no product that it offers is in the catalogue: mend its rows in campaign_products, or deliver the"
                " products"
            )
        if self.offer.shippable_share <= 0:
            return (
                "nothing that it offers can be shipped: all of it is out of stock, or likely to be before an order of"
                " tonight arrives"
            )
        if not self.is_worth_something:
            return "nothing is known of what a response is worth: set value_per_response_amount in campaign_plans"
        if not self.pays_a_contact:
            left = "" if self.n_contacted == 0 else f", of which {self.budget_left / UNITS:.2f} is left,"
            return f"the budget of {self.terms.budget_amount:.2f}{left} pays no contact of {self.terms.cost_amount:.2f}"
        return None
