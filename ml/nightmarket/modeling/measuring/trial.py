"""A campaign as a randomised trial: who was meant to be contacted, who was held out, and what they did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import CampaignNotMeasurable

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

MIN_ARM = 30
"""Customers that each arm needs. With fewer held out, the adjusted intervals were never held against the truth
(``bench/measurement``)."""


@dataclass(frozen=True)
class Trial:
    """One row per customer whom the policy dealt an arm, in the same order in every array.

    Attributes
    ----------
    is_treated : meant to be contacted (True) or held out (False): the assignment, whatever happened after it
        (*intention to treat*). Who was reached, or answered, is not random; who was meant to be is.
    responded : whether the customer answered in the campaign's window; None where the shop keeps no responses
    revenue : what the customer spent in the window, returns taken off, in the shop's currency
    covariates : (n, k), known before the assignment, so that no contact can have moved them; the first is spend
    """

    is_treated: Flags
    responded: Flags | None
    revenue: Doubles
    covariates: Doubles

    @property
    def n_treated(self) -> int:
        return int(np.count_nonzero(self.is_treated))

    @property
    def n_holdout(self) -> int:
        return len(self.is_treated) - self.n_treated


def validate_sizes(trial: Trial, campaign: str) -> None:
    """Refuse a trial with an arm too small for its intervals to hold.

    Raises
    ------
    CampaignNotMeasurable
        Fewer than ``MIN_ARM`` customers were contacted or held out.
    """
    for n, what in ((trial.n_holdout, "held out"), (trial.n_treated, "to be contacted")):
        if n < MIN_ARM:
            raise CampaignNotMeasurable(
                f"Got campaign {campaign!r} with {n} customers {what} but expected at least {MIN_ARM}: an interval "
                "over fewer says more than it knows. Raise holdout_pct in campaign_plans (or "
                "NIGHTMARKET_HOLDOUT_PCT) for the next campaign, or contact more customers.",
                plain=f"{n} {'customer was' if n == 1 else 'customers were'} {what}, and an interval needs at least "
                f"{MIN_ARM}. Raise holdout_pct in campaign_plans for the next campaign, or contact more customers.",
            )
