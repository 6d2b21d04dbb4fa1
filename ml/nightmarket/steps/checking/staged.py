"""The borders of staged files: scores and decisions. What is checked is what lies there before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.errors import CheckFailed, StepMissing
from nightmarket.families import PREDICTIONS, SERVED_TABLES
from nightmarket.families.base import Family
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import Snapshot
from nightmarket.io.night import Night
from nightmarket.io.night_facts import newest_base_rate, previous_published
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.batches import staged_batch
from nightmarket.quality.outcomes import SuiteOutcome
from nightmarket.quality.suites import Suite
from nightmarket.quality.validation import validate
from nightmarket.settings import Settings

Checked = tuple[tuple[SuiteOutcome, ...], dict[str, Any]]
"""The outcome of every suite, and what the record of the check says beside them."""


def check_scores(settings: Settings, night: Night, snapshot: Snapshot, suites: tuple[Suite, ...]) -> Checked:
    """Check every staged score table."""
    del snapshot
    maker = {table.name: name for name, one in PREDICTIONS.items() for table in one.tables}
    records = {name: night.read(f"score__{name}") for name in PREDICTIONS}

    def facts_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
        record, family = records[maker[table]], PREDICTIONS[maker[table]]
        facts = {
            "rows_scored": record["tables"][table]["rows"] if "tables" in record else record["rows"],
            "model_version": record["model_version"],
            "model_age_days": record["model_age_days"],
            "run_id": record["run_id"],
        }
        return facts | (_facts_of_family(connection, settings, family, night) if isinstance(family, Family) else {})

    return _check_staged(settings, night, suites, "scores", facts_of)


def check_decisions(settings: Settings, night: Night, snapshot: Snapshot, suites: tuple[Suite, ...]) -> Checked:
    """Check every staged decision."""
    del snapshot
    records = {f"decisions.{suite.table}": night.read(f"decide__{suite.table}") for suite in suites}

    def facts_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
        del connection
        record = records[table]
        return {
            "rows_decided": record["rows"],
            "policy_version": record["policy_version"],
            "run_id": record["run_id"],
        }

    return _check_staged(settings, night, suites, "decisions", facts_of)


def _facts_of_family(
    connection: duckdb.DuckDBPyConnection, settings: Settings, family: Family, night: Night
) -> dict[str, Any]:
    return {
        "horizon_days": family.horizon_days,
        "n_reason_rows": family.n_reasons_top,
        "top_k": family.top_k,
        "top_k_categories": settings.top_k_categories,
        "all_categories": True if settings.top_k_categories is None else None,
        "base_rate": newest_base_rate(connection, family, snapshot_id=night.snapshot_id, as_of=night.as_of_date),
    }


def _check_staged(settings: Settings, night: Night, suites: tuple[Suite, ...], schema: str, facts_of: Any) -> Checked:
    files = {f"{schema}.{suite.table}": night.staged_path(f"{schema}.{suite.table}") for suite in suites}
    with _unchanged(night, files) as before, open_warehouse(settings) as connection:
        batches = []
        for suite in suites:
            table = f"{schema}.{suite.table}"
            previous = previous_published(settings, table, night.as_of_date)
            own = facts_of(connection, table)
            n_rows = own.get("rows_scored", own.get("rows_decided"))
            known = dict.fromkeys(("horizon_days", "n_reason_rows", "top_k", "top_k_categories", "all_categories"))
            facts = {
                **(known | {"base_rate": None, "snapshot_id": night.snapshot_id} if schema == "scores" else {}),
                **own,
                "as_of_date": night.as_of_date,
                "previous_night": previous[0] if previous else None,
            }
            batches.append(
                staged_batch(
                    connection,
                    suite,
                    facts,
                    staged=files[table],
                    previous=previous[1] if previous else None,
                    # A table that may be empty and is has nothing to check: it is reported so, never as passed.
                    provided=n_rows > 0 or not SERVED_TABLES[table].may_be_empty,
                )
            )
        outcomes = validate(connection, batches)
    return outcomes, {"sha256": before}


@contextmanager
def _unchanged(night: Night, files: Mapping[str, Path]) -> Iterator[dict[str, str]]:
    """Yield the hashes of ``files``, and see that they are the same afterwards."""
    for table, path in files.items():
        if not path.exists():
            raise StepMissing(
                f"Got no staged file {path}, expected the {table} of {night.as_of_date}. Run `nightmarket score` "
                "(or `decide`) for this night again."
            )
    before = {table: sha256_of_file(path) for table, path in files.items()}
    yield before
    for table, path in files.items():
        if sha256_of_file(path) != before[table]:
            raise CheckFailed(
                f"Got {path} changed while it was being checked, expected SHA-256 {before[table]}. "
                "Let no other run write this night, then score and check it again."
            )
