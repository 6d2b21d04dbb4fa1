"""Nights to report on: one published whole, and the scores of a family that the report knows nothing of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb

from nightmarket.contracts import ID, TEXT, Column
from nightmarket.families import SERVED_TABLES
from nightmarket.families.base import Family, Head, Kind
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.serving import nights_to_measure
from nightmarket.settings import Settings
from nightmarket.steps import publish

from .hostile import HOSTILE

SNAPSHOT = "00112233aabbccdd"
LOYALTY = Family(
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


def publish_a_night(
    settings: Settings,
    as_of: date,
    *,
    lift: float = 0.0,
    seconds: float = 1.0,
    verdict: str = "passed",
    bought: list[tuple[str, str]] | None = None,
    snapshot_id: str = SNAPSHOT,
) -> Night:
    """Publish a night of 4 customers × 3 categories; ``lift`` raises k0."""
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


def score_loyalty(settings: Settings, as_of: date) -> None:
    """Stage a night's scores of ``LOYALTY``, and record them."""
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
