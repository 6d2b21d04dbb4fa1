"""The tiny shop that borders look at: every contract table, and the features and scores of one family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.families.base import Family
from nightmarket.quality.batches import features_batch, landed_batch
from nightmarket.quality.outcomes import SuiteOutcome
from nightmarket.quality.suites import Suite
from nightmarket.quality.validation import Batch, validate

from .family_samples import TRAINING_DATE, model_version_of
from .staged_samples import AS_OF, NIGHT_FACTS, SNAPSHOT_ID, batch_of_staged

FIRST_ORDER_DATE = date(2024, 1, 1)
COMPLETE_THROUGH = AS_OF - timedelta(days=1)


@dataclass(frozen=True)
class Shop:
    """The tiny shop in memory, with one family. ``corrupt`` runs SQL on it; ``check`` validates one suite."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    family: Family

    def corrupt(self, sql: str) -> None:
        self.connection.execute(sql)

    def check(self, suite: Suite, *, provided: bool = True, **facts: Any) -> SuiteOutcome:
        return validate(self.connection, [self._batch(suite, facts, provided=provided)])[0]

    def _batch(self, suite: Suite, facts: dict[str, Any], *, provided: bool) -> Batch:
        if suite.border == "landed":
            n_rows = self.connection.execute(f"select count(*) from raw.{suite.table}").fetchone()
            assert n_rows
            known = {
                "as_of_date": AS_OF,
                "complete_through": COMPLETE_THROUGH,
                "timezone": "America/New_York",
                "rows_accepted": n_rows[0],
                "rows_quarantined": 0,
                "quarantine_limit_pct": 1.0,
                "previous_rows": None,
            }
            return landed_batch(suite, {**known, **facts}, provided=provided)
        if suite.border == "features":
            known = {
                "as_of_date": AS_OF,
                "snapshot_id": SNAPSHOT_ID,
                "n_dates": 2,
                "training_dates": [TRAINING_DATE],
                "first_order_date": FIRST_ORDER_DATE,
                "days_of_history": (AS_OF - FIRST_ORDER_DATE).days,
            }
            return features_batch(
                self.connection,
                suite,
                self.family,
                {**known, **facts},
                snapshot_id=SNAPSHOT_ID,
                as_of_dates=[AS_OF, TRAINING_DATE],
            )
        known = {
            **NIGHT_FACTS,
            "horizon_days": self.family.horizon_days,
            "rows_scored": 80 if len(self.family.keys) > 1 else 20,
            "model_version": model_version_of(self.family),
            "model_age_days": 56,
            "n_reason_rows": 2,
            "top_k": self.family.top_k,
            "top_k_categories": None,
            "all_categories": True,
            "base_rate": 0.12,
        }
        return batch_of_staged(self.connection, self.folder, suite, {**known, **facts})
