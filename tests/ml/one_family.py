"""A shop that publishes one family alone, whatever others there are: a night is published whole or not at all."""

from __future__ import annotations

import pytest

from nightmarket.decisions import DECISIONS
from nightmarket.families import FAMILIES, PREDICTIONS, SERVED_TABLES


def publish_purchase_intent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for kinds in (PREDICTIONS, FAMILIES, DECISIONS):
        for name in kinds.keys() - {"purchase_intent"}:
            monkeypatch.delitem(kinds, name)
    for table in SERVED_TABLES.keys() - {"scores.purchase_intent"}:
        monkeypatch.delitem(SERVED_TABLES, table)
