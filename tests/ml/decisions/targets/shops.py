"""Tiny invented campaigns and customers for the policy to decide on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from nightmarket.decisions.targets.campaign import Terms
from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.stock import Offer

AS_OF = date(2024, 6, 1)
PLENTY = Offer(1.0, 1.0, 0.0, None, "")
TERMS = Terms(
    budget_amount=None, cost_amount=0.5, value_per_response_amount=10.0, margin_pct=50.0, holdout_share=0.001, notes=()
)
"""A contact is worth 5 times the probability, less .5. A thousandth is held out: nobody in a shop of a few."""


def campaign_of(name: str, *, offer: Offer = PLENTY, n_contacted: int = 0, **terms: object) -> Campaign:
    return Campaign(name, date(2024, 6, 8), False, replace(TERMS, **terms), offer, n_contacted)  # type: ignore[arg-type]


def candidates_of(
    probabilities: Mapping[str, Sequence[float]],
    *,
    contacted: Mapping[tuple[str, int], str] | None = None,
    n_recent: Sequence[int] | None = None,
) -> Candidates:
    """Return customers ``c0000``, ``c0001``, ... of every campaign, with their probabilities; NaN is no candidate."""
    campaign_ids = tuple(sorted(probabilities))
    table = np.array([probabilities[name] for name in campaign_ids], dtype=float)
    campaign, customer = np.nonzero(~np.isnan(table))
    contacted_on = np.full(len(campaign), "NaT", dtype="datetime64[D]")
    for (name, number), day in (contacted or {}).items():
        contacted_on[(campaign == campaign_ids.index(name)) & (customer == number)] = day
    return Candidates(
        campaign_ids=campaign_ids,
        customer_ids=tuple(f"c{number:04d}" for number in range(table.shape[1])),
        campaign=campaign,
        customer=customer,
        probability=table[campaign, customer],
        incremental_amount=np.full(len(campaign), np.nan),
        contacted_on=contacted_on,
        n_recent_contacts=np.zeros(table.shape[1], dtype=np.int64) if n_recent is None else np.array(n_recent),
    )


def random_shop(
    n_customers: int, n_campaigns: int, *, seed: int, holdout_share: float = 0.1
) -> tuple[Candidates, dict[str, Campaign]]:
    """Draw probabilities in steps of a hundredth (as calibration leaves them), budgets, recent contacts and stock."""
    random = np.random.default_rng(seed)
    names = [f"k{number}" for number in range(n_campaigns)]
    probabilities = {name: np.round(random.beta(1, 5, n_customers), 2) for name in names}
    for values in probabilities.values():
        values[random.random(n_customers) < 0.1] = np.nan
    candidates = candidates_of(
        {name: list(values) for name, values in probabilities.items()},
        n_recent=list(random.integers(0, 3, n_customers)),
    )
    done = random.random(len(candidates)) < 0.05
    candidates.contacted_on[done] = np.datetime64("2024-05-20")
    campaigns = {
        name: campaign_of(
            name,
            budget_amount=None if number % 4 == 3 else float(random.integers(0, n_customers // 4)),
            cost_amount=[0.5, 0.25, 0.4][number % 3],
            value_per_response_amount=float(random.integers(6, 20)),
            holdout_share=holdout_share,
            n_contacted=int((done & (candidates.campaign == number)).sum()),
        )
        for number, name in enumerate(names)
    }
    return candidates, campaigns
