"""``decisions.campaign_targets``: whom to contact for a campaign, whom to hold out, whom to leave alone."""

from __future__ import annotations

from nightmarket.decisions.base import Decision
from nightmarket.decisions.targets.table import TABLE

DECISION = Decision(name="campaign_targets", title="Campaign targets", table=TABLE)
