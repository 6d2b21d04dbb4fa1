"""The gate on the shop's own campaigns: may uplift be claimed for those it contacted, without a holdout?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from nightmarket.errors import TrialUnusable
from nightmarket.modeling.uplift.from_table import encode, numbers_of
from nightmarket.modeling.uplift.gate import GateDecision, hold_causal_gate
from nightmarket.modeling.uplift.trial import Trial, require_enough

PLACEBO = "sales_28d"
"""Money spent in the 28 days before the start, by its column in the contacts' table."""


def trial_of_contacts(contacts: pa.Table) -> Trial:
    """Return contacted against not contacted, each campaign a stratum of its own, as if it were a trial.

    Half of the customers may have been drawn for one campaign and a tenth for the next: each is a lottery, and what
    tells the two apart is no reason why anybody was contacted.

    Parameters
    ----------
    contacts : a row per campaign and active customer, with ``campaign_id``, ``customer_id``, ``is_contacted``,
        ``sales_after_28d``, and covariates known before the start, ``PLACEBO`` among them

    Raises
    ------
    TrialUnusable
        There are too few contacts, or too few who were not contacted.
    """
    keys = {"campaign_id", "customer_id", "is_contacted", "sales_after_28d"}
    if not contacts.num_rows:
        raise TrialUnusable(
            "Got no campaign that started after the first weeks of orders but expected contacts to judge. Land some."
        )
    covariates, names, _ = encode(contacts, [name for name in contacts.column_names if name not in keys])
    campaigns = contacts.column("campaign_id").to_numpy(zero_copy_only=False).astype(str)
    trial = Trial(
        unit_ids=contacts.column("customer_id").to_numpy(zero_copy_only=False).astype(object),
        covariates=covariates,
        covariate_names=names,
        treatment=contacts.column("is_contacted").to_numpy(zero_copy_only=False).astype(np.int64),
        outcome=numbers_of(contacts, "sales_after_28d"),
        outcome_name="sales_after_28d",
        placebo_outcomes={PLACEBO: numbers_of(contacts, PLACEBO)},
        strata=np.unique(campaigns, return_inverse=True)[1].astype(np.int64),
    )
    return require_enough(trial)


def causal_gate_of_campaigns(contacts: pa.Table, *, seed: int, threads: int = 1) -> GateDecision:
    """Hold the causal gate on customers contacted and not contacted (see :func:`trial_of_contacts`)."""
    return hold_causal_gate(trial_of_contacts(contacts), seed=seed, threads=threads)


def describe_gate(gate: GateDecision) -> dict[str, Any]:
    """Return the gate's decision as plain numbers."""
    numbers = gate.numbers
    return {
        "accepted": gate.accepted,
        "reason": gate.reason,
        "n_treated": numbers.n_treated,
        "n_control": numbers.n_control,
        "propensity_auc": round(numbers.propensity_auc, 4),
        "propensity_auc_by_chance": round(0.5 + numbers.auc_noise, 4),
        "support_share": round(numbers.support_share, 4),
        "plain_support_share": round(numbers.plain_support_share, 4),
        "worst_smd": round(numbers.worst_smd, 4),
        "worst_covariate": numbers.worst_covariate,
        "n_unbalanced": numbers.n_unbalanced,
        "placebo": {name: effect.describe() for name, effect in numbers.placebo.items()},
    }
