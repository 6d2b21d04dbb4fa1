"""Who may be contacted for the campaigns of a night, and with what probability they respond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightmarket.decisions.targets.base_rate import BaseRate, settle_base_rate
from nightmarket.decisions.targets.inputs import Candidates
from nightmarket.decisions.targets.table import NOT_PROVEN
from nightmarket.io.campaigns import CampaignFacts
from nightmarket.io.night import Night
from nightmarket.io.unscored_pairs import read_open_pairs
from nightmarket.settings import Settings

SCORED = "score__campaign_response"
_PAIRS = pa.schema([("campaign_id", pa.string()), ("customer_id", pa.string()), ("probability", pa.float64())])


def settle_rate(settings: Settings, night: Night, facts: CampaignFacts) -> BaseRate | None:
    """Return what stands in for the scores of a night that no model could score; None where one did."""
    if not night.has(SCORED) or not night.read(SCORED).get("not_scored"):
        return None
    return settle_base_rate(facts.answers, assumed_pct=settings.response_rate_pct)


def read_candidates(night: Night, facts: CampaignFacts, campaign_ids: list[str], rate: BaseRate | None) -> Candidates:
    """Return who is scored for the campaigns, or would have been, with their contacts, sorted by campaign and customer.

    A campaign that nobody is scored for has none.
    """
    scores = _pairs(night, campaign_ids, rate)
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
        probability=pc.fill_null(scores["probability"], 0.0).to_numpy(),
        incremental_amount=np.full(n, np.nan),
        contacted_on=contacted_on,
        n_recent_contacts=np.array([facts.recent_contacts.get(one, 0) for one in customer_of], dtype=np.int64),
        response_basis=rate.basis if rate is not None else NOT_PROVEN,
    )


def _pairs(night: Night, campaign_ids: list[str], rate: BaseRate | None) -> pa.Table:
    """Return campaign, customer and probability of everybody who is scored, or would have been, sorted."""
    if rate is None:
        columns = ["campaign_id", "customer_id", "probability"]
        pairs = pq.read_table(night.staged_path("scores.campaign_response"), columns=columns, partitioning=None)
    elif campaign_ids:
        pairs = read_open_pairs(night.settings, snapshot_id=night.snapshot_id, as_of=night.as_of_date)
        pairs = pairs.append_column("probability", pa.repeat(rate.probability, pairs.num_rows))
    else:
        pairs = pa.table({"campaign_id": [], "customer_id": [], "probability": []}, _PAIRS)
    pairs = pairs.filter(pc.is_in(pairs["campaign_id"], pa.array(campaign_ids, pa.string())))
    return pairs.sort_by([("campaign_id", "ascending"), ("customer_id", "ascending")])


def _coded(ids: pa.ChunkedArray) -> tuple[tuple[str, ...], Any]:
    """Return the distinct ids, sorted, and the position of each row's id in them."""
    distinct = pc.unique(ids).sort()
    return tuple(distinct.to_pylist()), pc.index_in(ids, distinct).to_numpy().astype(np.int64)
