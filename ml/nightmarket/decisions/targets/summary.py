"""What a night records of each campaign beside its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.policy import Choice


def summarise(candidates: Candidates, campaigns: Mapping[str, Campaign], choice: Choice) -> dict[str, dict[str, Any]]:
    """Return, by campaign, how many are contacted, held out and left alone, and what that costs and brings."""
    is_done = ~np.isnat(candidates.contacted_on)
    found = {}
    for position, campaign_id in enumerate(candidates.campaign_ids):
        campaign, here = campaigns[campaign_id], candidates.campaign == position
        contacted, held = here & choice.is_contacted, here & choice.is_held_out
        price = float(choice.price[position])
        found[campaign_id] = {
            "is_running": campaign.is_running,
            "n_candidates": int(here.sum()),
            "n_to_contact": int(contacted.sum()),
            "n_contacted_before": int((here & is_done).sum()),
            "n_held_out": int(held.sum()),
            "n_in_holdout": int((here & choice.is_holdout & ~is_done).sum()),
            "budget_amount": campaign.terms.budget_amount,
            "cost_amount": round(float(choice.cost_amount[contacted].sum()), 4),
            "expected_value_amount": round(float(choice.value_amount[contacted].sum()), 4),
            "dual_price_amount": None if np.isnan(price) else price,
            "value_per_response_amount": campaign.terms.value_per_response_amount,
            "margin_pct": campaign.terms.margin_pct,
            "holdout_share": campaign.terms.holdout_share,
            "shippable_share": round(campaign.offer.shippable_share, 4),
            "overstock_share": round(campaign.offer.overstock_share, 4),
            "obstacle": campaign.obstacle,
            "notes": [*campaign.terms.notes, *filter(None, [campaign.offer.note])],
        }
    return found
