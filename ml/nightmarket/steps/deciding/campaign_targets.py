"""``nightmarket decide campaign_targets``: whom to contact, from the night's scores, plans and stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightmarket.clock import STEP_DAYS
from nightmarket.decisions.targets.campaign import Defaults, Status, settle_terms
from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.policy import choose_targets
from nightmarket.decisions.targets.rows import target_rows
from nightmarket.decisions.targets.stock import StockPlan, weigh_offer
from nightmarket.decisions.targets.summary import summarise
from nightmarket.decisions.targets.table import POLICY_VERSION
from nightmarket.errors import StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.campaigns import CampaignFacts, read_campaign_facts
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps.deciding import Decided, decision_run_id
from nightmarket.steps.deciding.campaign_uplift import incremental_amounts, prove_uplift
from nightmarket.steps.deciding.whole_products import whole_products

READS = {"scores.campaign_response": "score campaign_response", "decisions.reorder_plan": "decide reorder_plan"}
"""Staged tables that the policy reads, and the commands that stage them."""


def decide(settings: Settings, night: Night) -> Decided:
    """Decide whom to contact for every campaign that runs, starts within 28 days or has a plan.

    Raises
    ------
    StepMissing
        Responses were not scored, or the reorder plan was not made.
    InvalidSetting
        A holdout leaves nobody to contact, or nobody to compare with.
    DecisionUnsolved
        The optimisation ended without the best choice.
    """
    reads = {name: sha256_of_file(night.staged_path(name)) for name in READS if _is_staged(night, name)}
    snapshot = read_snapshot(settings, night.snapshot_id)
    facts = read_campaign_facts(settings, snapshot, as_of=night.as_of_date)
    proof = prove_uplift(settings, snapshot, facts.campaigns, as_of=night.as_of_date)
    reads |= {f"decisions.campaign_targets of {of_night}": sha256 for of_night, sha256 in proof.reads.items()}
    parameters = {
        "contact_cap": settings.contact_cap,
        "cost_per_contact_amount": settings.cost_per_contact_amount,
        "margin_pct": settings.margin_pct,
        "holdout_pct": settings.holdout_pct,
        "holdout_salt": settings.holdout_salt,
    }
    run_id = decision_run_id(night, POLICY_VERSION, reads=reads, parameters=parameters)
    campaigns = _campaigns(settings, night, facts, is_proven=proof.estimator is not None)
    candidates = _candidates(night, facts, sorted(campaigns))
    proven = incremental_amounts(
        proof,
        settings,
        snapshot,
        probability=candidates.probability,
        customer=candidates.customer,
        customer_ids=candidates.customer_ids,
        as_of=night.as_of_date,
    )
    candidates = replace(candidates, incremental_amount=proven)
    choice = choose_targets(
        candidates,
        campaigns,
        as_of=night.as_of_date,
        contact_cap=settings.contact_cap,
        salt=settings.holdout_salt,
    )
    table = target_rows(
        candidates,
        campaigns,
        choice,
        as_of=night.as_of_date,
        contact_cap=settings.contact_cap,
        run_id=run_id,
    )
    summary = summarise(candidates, campaigns, choice)
    return Decided(
        table,
        POLICY_VERSION,
        run_id,
        {
            "reads": reads,
            "solver": choice.solver,
            "uplift": proof.describe(),
            "campaigns": summary,
            "left_out": _left_out(night, facts, campaigns, summary),
            "spend_per_response_amount": facts.spend_per_response_amount,
        },
    )


def _is_staged(night: Night, name: str) -> bool:
    if not night.staged_path(name).exists():
        raise StepMissing(
            f"Got no staged {name} for {night.as_of_date}, expected {night.staged_path(name)}. Run `nightmarket "
            f"{READS[name]}` for this night first, or `make nightly`."
        )
    return True


def _campaigns(settings: Settings, night: Night, facts: CampaignFacts, *, is_proven: bool) -> dict[str, Campaign]:
    as_of = night.as_of_date
    defaults = Defaults(
        settings.cost_per_contact_amount, settings.margin_pct, settings.holdout_pct, facts.spend_per_response_amount
    )
    plan = pq.read_table(night.staged_path("decisions.reorder_plan"), partitioning=None)
    stock = _stock_plan(whole_products(plan))
    campaigns = {}
    for campaign_id, products in facts.products.items():
        known = facts.campaigns[campaign_id]
        offer = weigh_offer(products, stock, start_date=known.start_date, as_of=as_of)
        campaigns[campaign_id] = Campaign(
            campaign_id=campaign_id,
            start_date=known.start_date,
            is_running=known.status(as_of) is Status.RUNNING,
            terms=settle_terms(known, defaults, mean_price_amount=offer.mean_price_amount, is_proven=is_proven),
            offer=offer,
            n_contacted=len(facts.contacts[campaign_id]),
            is_proven=is_proven,
        )
    return campaigns


def _stock_plan(plan: pa.Table) -> StockPlan:
    price = _numbers(plan["unit_price_amount"], np.nan)
    return StockPlan(
        product_ids=np.array(plan["product_id"].to_pylist(), dtype=np.str_),
        sales_amount=np.maximum(_numbers(plan["demand_units"], 0.0) * np.nan_to_num(price), 0.0),
        unit_price_amount=price,
        lead_time_days=plan["lead_time_days"].to_numpy().astype(np.int64),
        is_short=_flags(plan["is_stock_out_risk"]),
        is_overstock=_flags(plan["is_overstock"]),
    )


def _candidates(night: Night, facts: CampaignFacts, campaign_ids: list[str]) -> Candidates:
    """Return the scored pairs of the campaigns, sorted by campaign and customer; those never scored have none."""
    scores = pq.read_table(
        night.staged_path("scores.campaign_response"),
        columns=["campaign_id", "customer_id", "probability"],
        partitioning=None,
    )
    scores = scores.filter(pc.is_in(scores["campaign_id"], pa.array(campaign_ids, pa.string())))
    scores = scores.sort_by([("campaign_id", "ascending"), ("customer_id", "ascending")])
    campaign_of, of_campaign = _coded(scores["campaign_id"])
    customer_of, of_customer = _coded(scores["customer_id"])
    contacts = [facts.contacts[campaign_id] for campaign_id in campaign_of]
    n = scores.num_rows
    contacted_on = np.full(n, "NaT", dtype="datetime64[D]")
    for row in range(n):
        contacted_on[row] = contacts[of_campaign[row]].get(customer_of[of_customer[row]], "NaT")
    return Candidates(
        campaign_ids=campaign_of,
        customer_ids=customer_of,
        campaign=of_campaign,
        customer=of_customer,
        probability=_numbers(scores["probability"], 0.0),
        incremental_amount=np.full(n, np.nan),
        contacted_on=contacted_on,
        n_recent_contacts=np.array([facts.recent_contacts.get(one, 0) for one in customer_of], dtype=np.int64),
    )


def _coded(ids: pa.ChunkedArray) -> tuple[tuple[str, ...], Any]:
    """Return the distinct ids, sorted, and the position of each row's id in them."""
    distinct = pc.unique(ids).sort()
    return tuple(distinct.to_pylist()), pc.index_in(ids, distinct).to_numpy().astype(np.int64)


def _left_out(
    night: Night, facts: CampaignFacts, campaigns: Mapping[str, Campaign], summary: Mapping[str, Any]
) -> dict[str, str]:
    """Return, by campaign that somebody may look for in the rows, why it is not there."""
    found = dict.fromkeys(facts.unknown_plans, "campaign_plans has it, campaigns does not")
    for campaign_id, known in facts.campaigns.items():
        status = known.status(night.as_of_date)
        if status is Status.PAST and known.plan is not None:
            found[campaign_id] = f"ended on {known.end_date}"
        elif status is Status.LATER:
            found[campaign_id] = f"starts on {known.start_date}, more than {STEP_DAYS} days ahead, and has no plan"
        elif campaign_id in campaigns and campaign_id not in summary:
            found[campaign_id] = "nobody is scored for it"
    return dict(sorted(found.items()))


def _numbers(column: pa.ChunkedArray, missing: float) -> Any:
    return pc.fill_null(column.cast(pa.float64()), missing).to_numpy()


def _flags(column: pa.ChunkedArray) -> Any:
    return pc.fill_null(column, False).to_numpy().astype(bool)
