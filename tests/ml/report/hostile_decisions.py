"""Decisions made by hand of which every part is there; ``full_decisions`` has hostile names only."""

from __future__ import annotations

from dataclasses import replace

from nightmarket.report.decisions import (
    CampaignResult,
    CampaignTargets,
    Contact,
    ContactSection,
    Decisions,
    FurtherTable,
    Order,
    OrderSection,
    PlanTotals,
)
from nightmarket.report.outlooks import CategoryChange, ForecastSection, Outlook
from nightmarket.report.sections import Share

from .decided import NIGHT
from .hostile import HOSTILE

MEASURED = CampaignResult(
    "7", "Winter", "response", NIGHT, 900, 100, 0.12, 0.09, 0.03, 0.01, 0.05, 27.0, 50.0, "increase"
)
CAMPAIGN = CampaignTargets("7", "Winter", True, 2, 1, 1, 1, 2.5, 1.0, 100.0, 0.8, 0.1, ("uplift",))
OUTLOOK = Outlook("p", HOSTILE, HOSTILE, NIGHT, (2.0,), (1.0,), (1.5,), (2.5,), (4.0,), (3.0, -1.0), HOSTILE, HOSTILE)


def full_decisions() -> Decisions:
    """Decisions of which every part is there, and every name is hostile."""
    order = Order(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 14, 20.0, 10.0, 30.0, 40.0, 60.0, 36.8, HOSTILE)
    in_stock = replace(order, on_hand=5.0, on_order=1.0, suggested=55.0, cover_days=4000.0, stock_out_probability=0.9)
    campaign = replace(
        CAMPAIGN,
        name=HOSTILE,
        value_bases=(HOSTILE,),
        left_alone_for=(Share(HOSTILE, 3), Share("b", 1)),
        first_contacts=(Contact(HOSTILE, 1.5, 0.2),),
    )
    change = CategoryChange(HOSTILE, HOSTILE, 10.0, 20.0)
    return Decisions(
        OrderSection(PlanTotals(2, 2, 1, 1, 55.0, 1, 0, 40.0, 80.0), HOSTILE, (order, in_stock), (OUTLOOK,)),
        ContactSection(
            HOSTILE,
            (campaign,),
            (replace(MEASURED, name=HOSTILE, verdict=HOSTILE),),
            ((HOSTILE, HOSTILE),),
            ((HOSTILE, HOSTILE),),
        ),
        ForecastSection(HOSTILE, OUTLOOK, (change,), (replace(change, sold=0.0),), 8),
        (FurtherTable(HOSTILE, 2, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )
