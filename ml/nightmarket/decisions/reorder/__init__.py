"""``decisions.reorder_plan``: what to hold, and what to order, of every product."""

from __future__ import annotations

from nightmarket.decisions.base import Decision
from nightmarket.decisions.reorder.table import TABLE

DECISION = Decision(name="reorder_plan", title="Reorder plan", table=TABLE)
