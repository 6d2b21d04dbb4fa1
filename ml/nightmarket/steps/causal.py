"""Whether the shop's own campaigns, as they were run, can prove an uplift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightmarket.errors import TrialUnusable
from nightmarket.io.campaign_contacts import read_campaign_contacts
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.modeling.uplift.gate import hold_causal_gate
from nightmarket.modeling.uplift.ranking import decide_ranking
from nightmarket.modeling.uplift.shop_campaigns import describe_gate, trial_of_contacts
from nightmarket.modeling.uplift.strata import draw_one_lottery
from nightmarket.settings import Settings

FAMILY = "campaign_response"
"""The family whose evaluation asks."""
SEED = 20_170_101


def judge_campaigns(settings: Settings, night: Night) -> dict[str, Any]:
    """Hold the causal gate on the campaigns known at ``night``.

    Reads the landed files of its snapshot, writes nothing.

    Returns
    -------
    dict
        ``accepted``, ``reason`` and, where there was enough to look at, every number of the gate. Uplift of these
        campaigns may be claimed only where ``accepted`` is true: elsewhere ``qini`` is None, for that reason.
    """
    contacts = read_campaign_contacts(settings, read_snapshot(settings, night.snapshot_id), as_of=night.as_of_date)
    try:
        trial = trial_of_contacts(contacts)
    except TrialUnusable as error:
        return {"accepted": False, "reason": str(error), "qini": None}
    gate = hold_causal_gate(trial, seed=SEED, threads=settings.threads)
    if not gate.accepted:
        return {**describe_gate(gate), "qini": None}
    ranking = decide_ranking(draw_one_lottery(trial, SEED), seed=SEED, threads=settings.threads)
    return {**describe_gate(gate), "qini": round(ranking.qini, 4), "ranking": ranking.reason}


def with_causal_gate(line: Mapping[str, Any], judged: Mapping[str, Any]) -> dict[str, Any]:
    """Return an evaluation's last line with ``qini`` among its metrics, None where refused, and the gate's word."""
    return {**line, "metrics": {**line["metrics"], "qini": judged["qini"]}, "causal_gate": dict(judged)}
