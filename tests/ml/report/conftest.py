"""A published night to report on, and reports made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.report.content import (
    BorderCheck,
    Distribution,
    LandedRows,
    Mover,
    NightReport,
    PublishedTable,
    Query,
    StepTime,
    Totals,
)
from nightmarket.report.evaluation import read_evaluation
from nightmarket.settings import Settings
from nightmarket.steps import publish

SNAPSHOT = "00112233aabbccdd"
HOSTILE = "<script>alert('x')</script> & \"co\""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", threads=1)


@pytest.fixture
def publish_a_night(settings: Settings) -> Callable[..., Night]:
    """Return a function that publishes a night of 4 customers × 3 categories; ``lift`` raises k0."""

    def publish_one(as_of: date, *, lift: float = 0.0, seconds: float = 1.0, verdict: str = "passed") -> Night:
        night = Night(settings, as_of, SNAPSHOT)
        path = night.staged_path("scores.purchase_intent")
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                f"""
                copy (
                    select 'c' || c as customer_id, if(k = 1, ?, 'k' || k) as category_id, date '{as_of}' as as_of_date,
                        28::integer as horizon_days, 0.1 * c + 0.01 * k + if(k = 0, {lift}, 0)::double as probability,
                        'bought often' as reason_1, null::varchar as reason_2, null::varchar as reason_3,
                        'purchase_intent/1/lightgbm' as model_version, 'run-1' as run_id
                    from range(4) as customers(c), range(3) as categories(k) order by 1, 2
                ) to '{path}' (format parquet)
                """,
                [HOSTILE],
            )
        sha256 = sha256_of_file(path)
        reviews = {"provided": False, "rows_in": 0, "rows_accepted": 0, "rows_quarantined": 0, "reasons": {}}
        lines = {
            "provided": True, "rows_in": 10, "rows_accepted": 9, "rows_quarantined": 1, "reasons": {"duplicate_key": 1}
        }  # fmt: skip
        records: dict[str, dict[str, Any]] = {
            "land": {"rows": 9, "source": "files", "tables": {"order_lines": lines, "reviews": reviews}},
            "check__landed": {"rows": 3, "verdict": "passed", "n_expectations": 3, "not_provided": ["reviews"]},
            "check__features": {"rows": 4, "verdict": "passed", "n_expectations": 4},
            "score__purchase_intent": {
                "rows": 12,
                "table": "scores.purchase_intent",
                "model_version": "purchase_intent/1/lightgbm",
                "recipe": "lightgbm",
                "run_id": "run-1",
                "label_cutoff": "2017-11-01",
                "model_age_days": (as_of - date(2017, 11, 1)).days,
                "gate_reason": "lightgbm gains over frequency.",
            },
            "check__scores": {
                "rows": 2,
                "verdict": verdict,
                "n_expectations": 2,
                "warnings": [f"a warning with {HOSTILE}"] if verdict == "warned" else [],
                "sha256": {"scores.purchase_intent": sha256},
            },
        }
        for step, record in records.items():
            night.record(step, {**record, "step": step, "seconds": seconds})
        result = publish.run(settings, as_of=as_of, snapshot_id=SNAPSHOT)
        night.record("publish", {"step": "publish", "rows": result.rows, "seconds": seconds, **result.detail})
        return night

    return publish_one


@pytest.fixture
def evaluation_json() -> dict[str, Any]:
    """What a training writes, in small."""
    metrics = {"average_precision": 0.56, "ece": 0.005}
    described = {
        **metrics,
        **{f"{name}_low": value * 0.9 for name, value in metrics.items()},
        **{f"{name}_high": value * 1.1 for name, value in metrics.items()},
        "frequency_average_precision": 0.5,
        "frequency_ece": 0.006,
        "gain_average_precision_low": 0.05,
        "gain_average_precision_high": 0.07,
        "gain_ece_low": -0.002,
        "gain_ece_high": 0.001,
    }
    return {
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


@pytest.fixture
def full_report(evaluation_json: dict[str, Any]) -> NightReport:
    """A report in which every part is there, and every name is hostile."""
    mover = Mover(HOSTILE, HOSTILE, 12.0, 10.0, (10.0, 12.0))
    return NightReport(
        as_of_date=date(2017, 12, 1),
        source=HOSTILE,
        snapshot_id=HOSTILE,
        verdict="warned",
        complete_through="2017-12-31",
        published=(PublishedTable(HOSTILE, 12, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        totals=Totals(12, 4, 3, 2.5),
        totals_before=Totals(12, 4, 3, 2.0),
        night_before=date(2017, 11, 30),
        n_nights=2,
        top_k=20,
        top_categories=(mover,),
        categories_up=(mover,),
        customers_down=(mover,),
        distributions=(
            Distribution(date(2017, 12, 1), (0.1,) * 10),
            Distribution(date(2017, 11, 30), (0.2, *(0.1,) * 8, 0.0)),
        ),
        label_cutoff="2017-12-01",
        gate_reason=HOSTILE,
        code_revision=HOSTILE,
        evaluation=read_evaluation(evaluation_json, manifest={"test_origin": HOSTILE, "seed": 7}),
        checks=(BorderCheck("scores", "warned", 5, (HOSTILE,), (HOSTILE,), (HOSTILE,)),),
        landed=(LandedRows(HOSTILE, True, 10, 9, 1, ((HOSTILE, 1),)), LandedRows("reviews", False, 0, 0, 0)),
        query=Query(HOSTILE, HOSTILE, (HOSTILE, "probability"), ((HOSTILE, 0.9), (None, 0.8))),
        attempt=1,
        steps=(StepTime(HOSTILE, 3, 1.5), StepTime("embed", 0, None)),
    )
