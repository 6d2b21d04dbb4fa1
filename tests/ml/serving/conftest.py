"""A tiny shop's staged nights, made without any of the steps before publish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.ml.one_family import publish_purchase_intent_alone

from nightmarket.io import serving
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.settings import Settings

SNAPSHOT = "00112233aabbccdd"
DAY_1, DAY_2, DAY_3 = date(2017, 11, 29), date(2017, 11, 30), date(2017, 12, 1)
StageNight = Callable[..., Night]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", threads=1, generations_to_keep=3)


@pytest.fixture(autouse=True)
def a_shop_of_one_family(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_purchase_intent_alone(monkeypatch)


@pytest.fixture
def stage_night(settings: Settings) -> StageNight:
    """Return a function that leaves a night as `check decisions` leaves it: staged, recorded, checked."""

    def stage(as_of: date, *, shift: float = 0.0, verdict: str = "passed", **score: Any) -> Night:
        night = Night(settings, as_of, SNAPSHOT)
        write_scores(night.staged_path("scores.purchase_intent"), as_of, shift=shift)
        sha256 = sha256_of_file(night.staged_path("scores.purchase_intent"))
        night.record("land", {"step": "land", "rows": 100, "seconds": 1.5, "as_of_date": as_of.isoformat()})
        night.record(
            "check__landed",
            {"step": "check__landed", "rows": 40, "seconds": 2.0, "verdict": "passed", "not_provided": ["inventory"]},
        )
        night.record("check__features", {"step": "check__features", "rows": 20, "seconds": 0.0, "verdict": "passed"})
        night.record(
            "score__purchase_intent",
            {
                "step": "score__purchase_intent",
                "rows": 6,
                "seconds": 3.0,
                "table": "scores.purchase_intent",
                "sha256": sha256,
                "model_version": "purchase_intent/1",
                "recipe": "lightgbm",
                "run_id": f"run-{as_of}",
                "manifest_sha256": "5" * 64,
                "code_revision": "abc1234",
                **score,
            },
        )
        night.record(
            "check__scores",
            {
                "step": "check__scores",
                "rows": 8,
                "seconds": 1.0,
                "verdict": verdict,
                "warnings": [],
                "sha256": {"scores.purchase_intent": sha256},
            },
        )
        night.record(
            "check__decisions",
            {"step": "check__decisions", "rows": 0, "seconds": 0.5, "verdict": "passed", "sha256": {}},
        )
        return night

    return stage


def write_scores(path: Path, as_of: date, *, shift: float = 0.0) -> None:
    """Write 3 customers × 2 categories; ``shift`` is added to each probability."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'c' || c as customer_id, 'k' || k as category_id, date '{as_of}' as as_of_date,
                    28::integer as horizon_days, (0.1 * c + 0.05 * k + {shift})::double as probability,
                    'bought often' as reason_1, null::varchar as reason_2, null::varchar as reason_3,
                    'purchase_intent/1' as model_version, 'run-{as_of}' as run_id
                from range(3) as customers(c), range(2) as categories(k) order by 1, 2
            ) to '{path}' (format parquet)
            """
        )


def query_served(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of ``query`` on the serving store, as a consumer would see them."""
    connection = serving.open_serving(settings)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def nights_served(settings: Settings, table: str = "scores.purchase_intent") -> list[date]:
    """Return the nights in ``table`` of the serving store."""
    return [row[0] for row in query_served(settings, f"select distinct as_of_date from {table} order by 1")]


def served_files(settings: Settings) -> dict[str, bytes]:
    """Return every Parquet file of the serving store, by its name there."""
    folder = settings.serving_dir / "tables"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}
