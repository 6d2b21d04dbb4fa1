"""A published night to report on, and reports made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.contracts import ID, TEXT, Column
from nightmarket.decisions import DECISIONS
from nightmarket.families import FAMILIES, PREDICTIONS, SERVED_TABLES
from nightmarket.families.base import Family, Head, Kind
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.serving import nights_to_measure
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
from nightmarket.settings import Settings
from nightmarket.steps import publish

SNAPSHOT = "00112233aabbccdd"
HOSTILE = "<script>alert('x')</script> & \"co\""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", threads=1)


@pytest.fixture(autouse=True)
def a_shop_of_one_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish purchase_intent alone, whatever other families there are: a night is published whole or not at all."""
    for kinds in (PREDICTIONS, FAMILIES, DECISIONS):
        for name in kinds.keys() - {"purchase_intent"}:
            monkeypatch.delitem(kinds, name)
    for table in SERVED_TABLES.keys() - {"scores.purchase_intent"}:
        monkeypatch.delitem(SERVED_TABLES, table)


@pytest.fixture
def publish_a_night(settings: Settings) -> Callable[..., Night]:
    """Return a function that publishes a night of 4 customers × 3 categories; ``lift`` raises k0."""

    def publish_one(
        as_of: date,
        *,
        lift: float = 0.0,
        seconds: float = 1.0,
        verdict: str = "passed",
        bought: list[tuple[str, str]] | None = None,
        snapshot_id: str = SNAPSHOT,
    ) -> Night:
        night = Night(settings, as_of, snapshot_id)
        nights = _label(settings, as_of, bought) if bought is not None else []
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
        reviews = {"provided": False, "rows_in": 0, "rows_accepted": 0, "rows_quarantined": 0, "reasons": {}}
        lines = {
            "provided": True, "rows_in": 10, "rows_accepted": 9, "rows_quarantined": 1, "reasons": {"duplicate_key": 1}
        }  # fmt: skip
        records: dict[str, dict[str, Any]] = {
            "land": {
                "rows": 9,
                "source": "files",
                "currency": "USD",
                "complete_through": str(as_of - timedelta(days=1)),
                "tables": {"order_lines": lines, "reviews": reviews},
            },
            "transform": {"rows": 12, "outcome_dates": list(map(str, nights))},
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
                "sha256": _hashes(night, "scores."),
            },
            "check__decisions": {
                "rows": 0,
                "verdict": "passed",
                "n_expectations": 1,
                "sha256": _hashes(night, "decisions."),
            },
        }
        for step, record in records.items():
            night.record(step, {**record, "step": step, "seconds": seconds})
        result = publish.run(settings, as_of=as_of, snapshot_id=snapshot_id)
        night.record("publish", {"step": "publish", "rows": result.rows, "seconds": seconds, **result.detail})
        return night

    return publish_one


def _hashes(night: Night, border: str) -> dict[str, str]:
    """Return the hash of every staged table of a border, as its check records them."""
    return {name: sha256_of_file(night.staged_path(name)) for name in SERVED_TABLES if name.startswith(border)}


def _label(settings: Settings, as_of: date, bought: list[tuple[str, str]]) -> list[date]:
    """Leave the labels of the nights that ``as_of`` is to measure, as ``transform`` does; return the nights."""
    nights = nights_to_measure(settings, as_of, complete_through=as_of - timedelta(days=1))
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create schema if not exists labels")
        connection.execute(
            "create or replace table labels.lbl_windows as select ?::varchar as snapshot_id, "
            "unnest(?::date[]) as as_of_date, 28 as horizon_days, true as is_closed, ?::date as known_before_date",
            [SNAPSHOT, nights, as_of],
        )
        connection.execute(
            "create or replace table labels.lbl_purchase_intent as select ?::varchar as snapshot_id, "
            "unnest(?::date[]) as as_of_date, pair[1] as customer_id, pair[2] as category_id "
            "from (select unnest(?::varchar[][]) as pair)",
            [SNAPSHOT, nights, [list(pair) for pair in bought]],
        )
    return nights


@pytest.fixture
def loyalty(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Add a family that the report knows nothing of; return a function that scores a night of it."""
    family = Family(
        name="loyalty",
        title="Loyalty",
        description="Who stays.",
        keys=(Column("customer_id", ID, "The customer."),),
        predictions=(
            Column("probability", "DOUBLE", "Probability of staying."),
            Column("spend_amount", "DOUBLE", "Spend to expect."),
            Column("spend_amount_low", "DOUBLE", "Lower end of it."),
            Column("spend_amount_high", "DOUBLE", "Upper end of it."),
            Column("segment", TEXT, "Kind of customer."),
        ),
        heads=(
            Head("probability", Kind.PROBABILITY, 28, ("a",), "a", "pairs", "roc_auc"),
            Head("spend_amount", Kind.AMOUNT, 56, ("a",), "a", "amounts", "wape", outcome="spend_amount"),
        ),
        label_table="labels.lbl_loyalty",
        reasons=(),
    )
    monkeypatch.setitem(FAMILIES, "loyalty", family)
    monkeypatch.setitem(PREDICTIONS, "loyalty", family)
    monkeypatch.setitem(SERVED_TABLES, "scores.loyalty", family.table)

    def score(as_of: date) -> None:
        night = Night(settings, as_of, SNAPSHOT)
        path = night.staged_path("scores.loyalty")
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                f"""
                copy (
                    select 'c' || c as customer_id, date '{as_of}' as as_of_date, 28::integer as horizon_days,
                        (0.2 * c)::double as probability, (100.0 * c)::double as spend_amount,
                        (50.0 * c)::double as spend_amount_low, (200.0 * c)::double as spend_amount_high,
                        if(c > 0, 'regular', 'new') as segment, 'last order ' || c || ' days ago' as reason_1,
                        null::varchar as reason_2, null::varchar as reason_3,
                        'loyalty/1/a' as model_version, 'run-2' as run_id
                    from range(4) as customers(c) order by 1
                ) to '{path}' (format parquet)
                """
            )
        night.record(
            "score__loyalty",
            {
                "step": "score__loyalty",
                "rows": 4,
                "seconds": 1.0,
                "table": "scores.loyalty",
                "model_version": "loyalty/1/a",
                "recipe": "a",
                "run_id": "run-2",
            },
        )

    return score


@pytest.fixture
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


@pytest.fixture
def full_section(evaluation_json: dict[str, Any]) -> FamilySection:
    """A family of which every part is there, with a probability and an amount, and every name hostile."""
    mover = Mover(HOSTILE, HOSTILE, 12.0, 10.0, (10.0, 12.0))
    nights = (date(2017, 12, 1), date(2017, 11, 30))
    bins = tuple(PromiseBin(100, 10.0 * i, 11.0 * i) for i in range(10))
    measured = MeasuredNight(date(2017, 11, 1), 28, HOSTILE, date(2017, 12, 1), bins)
    evaluation = read_evaluation(evaluation_json, "probability", manifest={"test_origin": HOSTILE, "seed": 7})
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
                evaluation=evaluation,
                promises=(measured, measured),
            ),
            HeadSection(
                "spend", True, 56, HOSTILE, HOSTILE, 12, 250.0, 200.0, 10.0, 30.0,
                edges=(0.0, 10.0, 20.0),
                distributions=(Distribution(nights[0], (0.5, 0.5)),),
                evaluation=evaluation,
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


@pytest.fixture
def full_report(full_section: FamilySection) -> NightReport:
    """A report in which every part is there, and every name is hostile."""
    told = Told("purchase_intent", HOSTILE, (HOSTILE,), (Line(HOSTILE, 0.4, (HOSTILE,)), Line("b", 0.1, ())))
    return NightReport(
        as_of_date=date(2017, 12, 1),
        source=HOSTILE,
        snapshot_id=HOSTILE,
        verdict="warned",
        complete_through="2017-12-31",
        n_nights=2,
        families=(full_section,),
        households=(Household(Chosen(HOSTILE, HOSTILE, HOSTILE), HOSTILE, (told,)),),
        code_revision=HOSTILE,
        checks=(BorderCheck("scores", "warned", 5, (HOSTILE,), (HOSTILE,), (HOSTILE,)),),
        landed=(LandedRows(HOSTILE, True, 10, 9, 1, ((HOSTILE, 1),)), LandedRows("reviews", False, 0, 0, 0)),
        attempt=1,
        steps=(StepTime(HOSTILE, 3, 1.5), StepTime("embed", 0, None)),
    )
