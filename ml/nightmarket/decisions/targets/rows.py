"""The rows of ``decisions.campaign_targets``, each with its reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightmarket.decisions.exact import exact_percent
from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.policy import Choice
from nightmarket.decisions.targets.table import (
    CONTACT,
    HOLD_OUT,
    LEAVE_ALONE,
    POLICY_VERSION,
    PROVEN,
    TABLE,
)
from nightmarket.modeling.arrow_types import schema_of


def target_rows(
    candidates: Candidates,
    campaigns: Mapping[str, Campaign],
    choice: Choice,
    *,
    as_of: date,
    contact_cap: int,
    run_id: str,
) -> pa.Table:
    """Lay out the decisions, in the order of the candidates (campaign, then customer)."""
    ordered = [campaigns[campaign_id] for campaign_id in candidates.campaign_ids]
    n, of = len(candidates), candidates.campaign
    is_done = ~np.isnat(candidates.contacted_on)
    decision = np.full(n, LEAVE_ALONE, dtype=object)
    decision[choice.is_held_out] = HOLD_OUT
    decision[choice.is_contacted | is_done] = CONTACT
    is_proven = np.isfinite(candidates.incremental_amount)
    share = np.array([campaign.terms.holdout_share for campaign in ordered])[of] if n else np.zeros(0)
    columns = {
        "campaign_id": _taken(candidates.campaign_ids, of),
        "customer_id": _taken(candidates.customer_ids, candidates.customer),
        "as_of_date": [as_of] * n,
        "decision": decision,
        "response_probability": candidates.probability,
        "expected_incremental_amount": np.round(candidates.incremental_amount, 4),
        "expected_value_amount": choice.value_amount,
        "cost_amount": choice.cost_amount,
        "value_basis": np.where(is_proven, PROVEN, candidates.response_basis),
        "is_running": _taken([campaign.is_running for campaign in ordered], of),
        "is_holdout": choice.is_holdout,
        "budget_amount": _taken([campaign.terms.budget_amount for campaign in ordered], of),
        "dual_price_amount": choice.price[of],
        "holdout_share": np.where(is_done, 0.0, share),
        "reason": _reasons(candidates, ordered, choice, as_of=as_of, contact_cap=contact_cap),
        "policy_version": [POLICY_VERSION] * n,
        "run_id": [run_id] * n,
    }
    schema = schema_of(TABLE)
    return pa.table([pa.array(columns[one.name], one.type, from_pandas=True) for one in schema], schema=schema)


def _reasons(
    candidates: Candidates, ordered: list[Campaign], choice: Choice, *, as_of: date, contact_cap: int
) -> NDArray[np.object_]:
    """Say of every pair why, the first cause that applies going first."""
    reasons = np.full(len(candidates), None, dtype=object)
    starts = np.searchsorted(candidates.campaign, np.arange(len(ordered) + 1))
    for position, campaign in enumerate(ordered):
        rows = slice(starts[position], starts[position + 1])
        terms = "; ".join(filter(None, [*campaign.terms.notes, campaign.offer.note]))
        behind = f" ({terms})" if terms else ""
        day = candidates.contacted_on[rows]
        n_recent = candidates.n_recent_contacts[candidates.customer[rows]]
        is_full = (n_recent >= contact_cap) & (campaign.period(as_of) == 0)
        # No flag is true of a pair of which an earlier one is: the first cause counts.
        causes: list[tuple[NDArray[np.bool_], str]] = [
            *((day == one, f"contacted on {one}") for one in np.unique(day[~np.isnat(day)])),
            (np.full(len(day), campaign.obstacle is not None), f"{campaign.obstacle}{behind}"),
            (choice.is_contacted[rows], f"worth more than it costs, and among the best{behind}"),
            (
                choice.is_held_out[rows],
                f"held out by lot ({exact_percent(campaign.terms.holdout_share)} %) to measure the campaign, else"
                f" contacted{behind}",
            ),
            (choice.value_amount[rows] <= 0, f"expected to bring no more than the contact costs{behind}"),
            *(
                (
                    is_full & (n_recent == count),
                    f"contacted {_times(int(count))} in the last 28 days, and {contact_cap} is the cap",
                )
                for count in np.unique(n_recent[is_full])
            ),
            (
                choice.would_pay[rows],
                f"other campaigns are worth more for the {_contacts(contact_cap)} in 28 days",
            ),
        ]
        value = choice.value_amount[rows]
        last = value[choice.is_contacted[rows]].min(initial=np.inf)
        causes.append((value == last, f"the budget goes to customers worth as much, by lot{behind}"))
        words = np.array([*(cause for _, cause in causes), f"the budget goes to customers worth more{behind}"], object)
        first = np.select([flag for flag, _ in causes], list(range(len(causes))), default=len(causes))
        reasons[rows] = words[first]
    return reasons


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _contacts(count: int) -> str:
    return f"{count} contact{'' if count == 1 else 's'}"


def _taken(values: Sequence[object], positions: NDArray[np.int64]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = np.array([*values, None], dtype=object)[positions]
    return found
