"""Reports made by hand in which every part is there, and every name is hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from nightmarket.report.content import BorderCheck, LandedRows, NightReport, StepTime
from nightmarket.report.evaluation_files import read_evaluation
from nightmarket.report.households import Chosen, Household, Line, Told
from nightmarket.report.promises import MeasuredNight, PromiseBin
from nightmarket.report.sections import (
    Breakdown,
    Distribution,
    FamilySection,
    HeadSection,
    Mover,
    PublishedTable,
    Query,
    ScoredRow,
    Share,
    Totals,
)

HOSTILE = "<script>alert('x')</script> & \"co\""


def evaluation_json() -> dict[str, Any]:
    """What a training writes, in small."""
    metrics = {"average_precision": 0.56, "ece": 0.005}
    described = {
        **metrics,
        **{f"{name}_low": value * 0.9 for name, value in metrics.items()},
        **{f"{name}_high": value * 1.1 for name, value in metrics.items()},
        "baseline_average_precision": 0.5,
        "baseline_ece": 0.006,
        "gain_average_precision_low": 0.05,
        "gain_average_precision_high": 0.07,
        "gain_ece_low": -0.002,
        "gain_ece_high": 0.001,
    }
    head = {
        "kind": "probability",
        "baseline": "frequency",
        "gate_metric": "average_precision",
        "decision": {"recipe": "lightgbm", "passed": True, "reason": "it gains"},
        "threshold": 0.3,
        "n_rows": 1000,
        "n_positive": 94,
        "metrics": {"lightgbm": described, "frequency": {**described, "average_precision": 0.5}},
        "reliability": [
            {"forecast": 0.01, "outcome": 0.012, "rows": 500},
            {"forecast": 0.4, "outcome": 0.39, "rows": 500},
        ],
        "lift": {
            "lightgbm": [
                {"share_of_rows": 0.1, "share_of_purchases": 0.7},
                {"share_of_rows": 1, "share_of_purchases": 1},
            ],
            "frequency": [
                {"share_of_rows": 0.1, "share_of_purchases": 0.6},
                {"share_of_rows": 1, "share_of_purchases": 1},
            ],
        },
        "importance": {"pair__n_orders": 3.0, "text__rest_similarity": 1.0, "unused": 0.0},
    }
    return {"family": "purchase_intent", "heads": {"probability": head}}


def full_section(evaluation: dict[str, Any]) -> FamilySection:
    """A family of which every part is there, with a probability and an amount, and every name hostile."""
    mover = Mover(HOSTILE, HOSTILE, 12.0, 10.0, (10.0, 12.0))
    nights = (date(2017, 12, 1), date(2017, 11, 30))
    bins = tuple(PromiseBin(100, 10.0 * i, 11.0 * i) for i in range(10))
    measured = MeasuredNight(date(2017, 11, 1), 28, HOSTILE, date(2017, 12, 1), bins)
    read = read_evaluation(evaluation, "probability", manifest={"test_origin": HOSTILE, "seed": 7})
    return FamilySection(
        name="purchase_intent",
        title=HOSTILE,
        description=HOSTILE,
        item="category",
        published=PublishedTable(HOSTILE, 12, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        label_cutoff="2017-12-01",
        model_age_days=70,
        gate_reason=HOSTILE,
        night_before=nights[1],
        totals=Totals(12, 4, 3),
        top_k=20,
        heads=(
            HeadSection(
                "probability", False, 28, HOSTILE, "", 12, 2.5, 2.0,
                distributions=tuple(Distribution(night, (0.1,) * 10) for night in nights),
                evaluation=read,
                promises=(measured, measured),
            ),
            HeadSection(
                "spend", True, 56, HOSTILE, HOSTILE, 12, 250.0, 200.0, 10.0, 30.0,
                edges=(0.0, 10.0, 20.0),
                distributions=(Distribution(nights[0], (0.5, 0.5)),),
                evaluation=read,
                promises=(replace(measured, n_in_interval=800),),
            ),
        ),
        breakdowns=(Breakdown("segment", HOSTILE, (Share(HOSTILE, 8), Share("regular", 4))),),
        reasons=(Share(HOSTILE, 12),),
        top_rows=(ScoredRow(HOSTILE, HOSTILE, 0.9, (HOSTILE, HOSTILE)), ScoredRow("c", None, 0.8, ())),
        top_items=(mover,),
        items_up=(mover,),
        customers_down=(mover,),
        query=Query(HOSTILE, HOSTILE, (HOSTILE, "probability"), ((HOSTILE, 0.9), (None, 0.8))),
    )  # fmt: skip


def full_report(section: FamilySection) -> NightReport:
    """A report in which every part is there, and every name is hostile."""
    told = Told("purchase_intent", HOSTILE, (HOSTILE,), (Line(HOSTILE, 0.4, (HOSTILE,)), Line("b", 0.1, ())))
    return NightReport(
        as_of_date=date(2017, 12, 1),
        source=HOSTILE,
        snapshot_id=HOSTILE,
        verdict="warned",
        complete_through="2017-12-31",
        n_nights=2,
        families=(section,),
        households=(Household(Chosen(HOSTILE, HOSTILE, HOSTILE), HOSTILE, (told,)),),
        code_revision=HOSTILE,
        checks=(BorderCheck("scores", "warned", 5, (HOSTILE,), (HOSTILE,), (HOSTILE,)),),
        landed=(LandedRows(HOSTILE, True, 10, 9, 1, ((HOSTILE, 1),)), LandedRows("reviews", False, 0, 0, 0)),
        attempt=1,
        steps=(StepTime(HOSTILE, 3, 1.5), StepTime("embed", 0, None)),
    )
