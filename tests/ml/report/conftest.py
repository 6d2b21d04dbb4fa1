"""A published night to report on, and reports made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.ml.one_family import publish_purchase_intent_alone

from nightmarket.decisions import DECISIONS
from nightmarket.decisions.reorder import DECISION as REORDER_PLAN
from nightmarket.decisions.targets import DECISION as CAMPAIGN_TARGETS
from nightmarket.families import FAMILIES, PREDICTIONS, SERVED_TABLES
from nightmarket.families.demand import FAMILY as DEMAND
from nightmarket.io.landing import Snapshot
from nightmarket.io.night import Night
from nightmarket.report.content import NightReport
from nightmarket.report.decisions import Decisions
from nightmarket.report.sections import FamilySection
from nightmarket.settings import Settings
from nightmarket.steps import report

from . import hostile, hostile_decisions, nights
from .decided import NIGHT, Decided, land_shop, write_rows


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", threads=1)


@pytest.fixture(autouse=True)
def a_shop_of_one_family(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_purchase_intent_alone(monkeypatch)


@pytest.fixture
def publish_a_night(settings: Settings) -> Callable[..., Night]:
    """Return a function that publishes a night; see :func:`nights.publish_a_night`."""
    return partial(nights.publish_a_night, settings)


@pytest.fixture
def loyalty(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Add a family that the report knows nothing of; return a function that scores a night of it."""
    for kinds in (FAMILIES, PREDICTIONS):
        monkeypatch.setitem(kinds, "loyalty", nights.LOYALTY)
    monkeypatch.setitem(SERVED_TABLES, "scores.loyalty", nights.LOYALTY.table)
    return partial(nights.score_loyalty, settings)


@pytest.fixture
def snapshot(settings: Settings) -> Snapshot:
    return land_shop(settings)


@pytest.fixture
def page_of(
    settings: Settings, publish_a_night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot
) -> Callable[..., str]:
    """Return a function that publishes a night with its decisions, and reads its page."""

    def decide(decided: Decided, as_of: date = NIGHT, *, seconds: float = 1.0, is_landed: bool = True) -> str:
        monkeypatch.setitem(PREDICTIONS, "demand", DEMAND)
        for decision in (REORDER_PLAN, CAMPAIGN_TARGETS):
            monkeypatch.setitem(DECISIONS, decision.name, decision)
        snapshot_id = snapshot.snapshot_id if is_landed else nights.SNAPSHOT
        night = Night(settings, as_of, snapshot_id)
        for table, rows in (
            (DEMAND.tables[0], decided.demand),
            (DEMAND.tables[1], decided.sales),
            (REORDER_PLAN.table, decided.plan),
            (CAMPAIGN_TARGETS.table, decided.targets),
        ):
            monkeypatch.setitem(SERVED_TABLES, table.name, table)
            whole = [{**row, "as_of_date": as_of, "run_id": "run-3"} for row in rows]
            write_rows(night.staged_path(table.name), table, whole)
        record = {"rows": 1, "seconds": 1.0, "run_id": "run-3"}
        night.record("score__demand", {**record, "step": "score__demand", "model_version": "demand/1/chosen"})
        for name in ("reorder_plan", "campaign_targets"):
            night.record(
                f"decide__{name}",
                {
                    **record,
                    "step": f"decide__{name}",
                    "policy_version": f"{name}/1",
                    "left_out": dict(decided.left_out),
                },
            )
        publish_a_night(as_of, snapshot_id=snapshot_id, seconds=seconds)
        report.run(settings, as_of=as_of, snapshot_id=snapshot_id)
        return (settings.reports_dir / as_of.isoformat() / "index.html").read_text()

    return decide


@pytest.fixture
def evaluation_json() -> dict[str, Any]:
    return hostile.evaluation_json()


@pytest.fixture
def full_section(evaluation_json: dict[str, Any]) -> FamilySection:
    return hostile.full_section(evaluation_json)


@pytest.fixture
def full_report(full_section: FamilySection) -> NightReport:
    return hostile.full_report(full_section)


@pytest.fixture
def full_decisions() -> Decisions:
    return hostile_decisions.full_decisions()
