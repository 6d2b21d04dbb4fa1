"""``nightmarket decide campaign_targets``: whom to contact, from the night's scores, plans and stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightmarket.clock import STEP_DAYS
from nightmarket.decisions.targets.base_rate import BaseRate
from nightmarket.decisions.targets.campaign import Defaults, Status, settle_terms, warn_of_release
from nightmarket.decisions.targets.inputs import Campaign
from nightmarket.decisions.targets.policy import choose_targets
from nightmarket.decisions.targets.rows import target_rows
from nightmarket.decisions.targets.stock import StockPlan, weigh_offer
from nightmarket.decisions.targets.summary import summarise
from nightmarket.decisions.targets.table import POLICY_VERSION
from nightmarket.decisions.targets.value import break_even_sales
from nightmarket.errors import StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.campaigns import CampaignFacts, read_campaign_facts
from nightmarket.io.earlier_holdouts import read_earlier_holdouts
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps.deciding import Decided, decision_run_id
from nightmarket.steps.deciding.campaign_candidates import read_candidates, settle_rate
from nightmarket.steps.deciding.campaign_uplift import Proof, incremental_amounts, prove_uplift
from nightmarket.steps.deciding.whole_products import whole_products

READS = {"scores.campaign_response": "score campaign_response", "decisions.reorder_plan": "decide reorder_plan"}
"""Staged tables that the policy reads, and the commands that stage them."""
NOBODY = "nobody could be scored for it: nobody was sent it, and nobody is known who bought lately before its start"


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
    earlier = read_earlier_holdouts(settings, facts.contacts, as_of=night.as_of_date)
    reads |= {f"decisions.campaign_targets of {of_night}": sha256 for of_night, sha256 in earlier.reads.items()}
    parameters = {
        "contact_cap": settings.contact_cap,
        "cost_per_contact_amount": settings.cost_per_contact_amount,
        "margin_pct": settings.margin_pct,
        "holdout_pct": settings.holdout_pct,
        "holdout_salt": settings.holdout_salt,
        "response_rate_pct": settings.response_rate_pct,
    }
    run_id = decision_run_id(night, POLICY_VERSION, reads=reads, parameters=parameters)
    rate = settle_rate(settings, night, facts)
    campaigns = {
        name: _with_notes(campaign, rate, proof, earlier.shares.get(name))
        for name, campaign in _campaigns(settings, night, facts, proof).items()
    }
    candidates = read_candidates(night, facts, sorted(campaigns), rate)
    proven = incremental_amounts(
        proof,
        settings,
        snapshot,
        probability=candidates.probability,
        customer=candidates.customer,
        customer_ids=candidates.customer_ids,
        is_proven=np.array([campaigns[one].is_proven for one in candidates.campaign_ids], bool)[candidates.campaign],
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
            "uplift": proof.describe(campaigns),
            "campaigns": summary,
            "left_out": _left_out(night, facts, campaigns, summary),
            "without_model": rate.note if rate else None,
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


def _campaigns(settings: Settings, night: Night, facts: CampaignFacts, proof: Proof) -> dict[str, Campaign]:
    as_of = night.as_of_date
    defaults = Defaults(
        settings.cost_per_contact_amount, settings.margin_pct, settings.holdout_pct, facts.spend_per_response_amount
    )
    plan = pq.read_table(night.staged_path("decisions.reorder_plan"), partitioning=None)
    stock = _stock_plan(whole_products(plan))
    campaigns = {}
    for campaign_id, products in facts.products.items():
        known = facts.campaigns[campaign_id]
        offer = weigh_offer(
            products,
            stock,
            start_date=known.start_date,
            as_of=as_of,
            not_in_catalogue=facts.not_in_catalogue.get(campaign_id),
        )
        terms = settle_terms(known, defaults, mean_price_amount=offer.mean_price_amount)
        is_proven = proof.settles(break_even_sales(terms, offer))
        if is_proven:  # then nothing needs to stand in for the value of a response
            terms = settle_terms(known, defaults, mean_price_amount=None, is_proven=True)
        campaigns[campaign_id] = Campaign(
            campaign_id=campaign_id,
            start_date=known.start_date,
            is_running=known.status(as_of) is Status.RUNNING,
            terms=terms,
            offer=offer,
            n_contacted=len(facts.contacts[campaign_id]),
            is_proven=is_proven,
            plan_fault=known.plan_fault,
        )
    return campaigns


def _with_notes(campaign: Campaign, rate: BaseRate | None, proof: Proof, earlier_share: float | None) -> Campaign:
    """Return the campaign with a word on what its values rest on, and on a holdout that was lowered."""
    if campaign.plan_fault is not None:
        return campaign
    terms = warn_of_release(campaign.terms, earlier_share)
    basis = proof.note if campaign.is_proven else rate.note if rate else None
    return replace(campaign, terms=replace(terms, notes=(*terms.notes, *filter(None, [basis]))))


def _stock_plan(plan: pa.Table) -> StockPlan:
    price = _numbers(plan["unit_price_amount"], np.nan)
    # What is on order is null where the shop does not say; what is on hand is null where stock is not known at all.
    position = _numbers(plan["on_hand_units"], np.nan) + _numbers(plan["on_order_units"], 0.0)
    return StockPlan(
        product_ids=np.array(plan["product_id"].to_pylist(), dtype=np.str_),
        sales_amount=np.maximum(_numbers(plan["demand_units"], 0.0) * np.nan_to_num(price), 0.0),
        unit_price_amount=price,
        lead_time_days=plan["lead_time_days"].to_numpy().astype(np.int64),
        position_units=position,
        order_units=_numbers(plan["suggested_order_units"], np.nan),
        run_out_probability=np.where(
            _flags(plan["is_stock_out_risk"]), _numbers(plan["stock_out_probability"], 1.0), 0.0
        ),
        is_overstock=_flags(plan["is_overstock"]),
    )


def _left_out(
    night: Night, facts: CampaignFacts, campaigns: Mapping[str, Campaign], summary: Mapping[str, Any]
) -> dict[str, str]:
    """Return, by campaign that somebody may look for in the rows, why it is not there."""
    found = {}
    for campaign_id in facts.unknown_plans:
        first_night = facts.later_campaigns.get(campaign_id)
        found[campaign_id] = f"campaign_plans has it, campaigns {_has_it_from(first_night) or 'does not'}"
    for campaign_id in facts.refused_plans.keys() - facts.campaigns.keys():
        code = facts.refused_plans[campaign_id]
        there = _has_it_from(facts.later_campaigns.get(campaign_id)) or "does not have it"
        found[campaign_id] = f"its plan breaks the contract ({code}), and campaigns {there}"
    for campaign_id, known in facts.campaigns.items():
        status = known.status(night.as_of_date)
        if status is Status.PAST and known.plan is not None:
            found[campaign_id] = f"ended on {known.end_date}"
        elif status is Status.LATER:
            found[campaign_id] = f"starts on {known.start_date}, more than {STEP_DAYS} days ahead, and has no plan"
        elif campaign_id in campaigns and campaign_id not in summary:
            fault = campaigns[campaign_id].obstacle if known.plan_fault else None
            found[campaign_id] = fault or NOBODY
    return dict(sorted(found.items()))


def _has_it_from(first_night: date | None) -> str | None:
    return None if first_night is None else f"has it from {first_night} on"


def _numbers(column: pa.ChunkedArray, missing: float) -> Any:
    return pc.fill_null(column.cast(pa.float64()), missing).to_numpy()


def _flags(column: pa.ChunkedArray) -> Any:
    return pc.fill_null(column, False).to_numpy().astype(bool)
