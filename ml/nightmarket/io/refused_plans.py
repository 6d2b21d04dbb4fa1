"""Plans of campaigns that landing set aside because they break the contract.

A plan that is not read is not a plan that was never made: somebody set a limit, and it is not known which. A campaign
that then went by the settings would have no budget at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import duckdb

TABLE = "campaign_plans"
NO_FAULT = ("superseded", "duplicate_key")
"""Reasons of rows beside which another of the same campaign was accepted."""
_FIELD = re.compile(r"[,;\t|]")


def read_refused_plans(
    connection: duckdb.DuckDBPyConnection,
    campaign_ids: Iterable[str],
    accepted_at: Mapping[str, datetime],
    *,
    as_of: date,
    timezone: str,
) -> dict[str, str]:
    """Return, by campaign whose newest plan was set aside before ``as_of``, the reason code of it.

    A plan that was accepted stands unless the one that was set aside says that it arrived later: a dump without
    ``arrived_at`` that was mended leaves its bad row in the quarantine for ever. A line that cannot be read belongs to
    every campaign whose id is one of its fields.

    Parameters
    ----------
    campaign_ids : the campaigns that are known
    accepted_at : by campaign, when the plan that counts tonight arrived (UTC)
    timezone : of instants without one, IANA
    """
    known = set(campaign_ids)
    refused: dict[str, str] = {}
    for reason, campaign_id, text, arrived in _quarantined(connection):
        at = _instant(arrived, timezone)
        if reason in NO_FAULT or (at is not None and at >= _midnight(as_of, timezone)):
            continue
        fields = {field.strip().strip('"') for field in _FIELD.split(text or "")}
        for one in sorted(({campaign_id} if campaign_id else set()) | (fields & known)):
            stands = accepted_at.get(one)
            if stands is None or (at is not None and at > stands.replace(tzinfo=UTC)):
                refused[one] = reason
    return refused


def _quarantined(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str | None, str | None, str | None]]:
    """Return reason, campaign, unreadable text and arrival of what was set aside, sorted; exports lack columns."""
    there = {
        name
        for (name,) in connection.execute(
            "select column_name from information_schema.columns where table_schema = 'quarantine' and table_name = ?",
            [TABLE],
        ).fetchall()
    }
    if not there:
        return []
    columns = ", ".join(
        name if name in there else "null" for name in ("reason", "campaign_id", "unreadable_text", "arrived_at")
    )
    return connection.execute(f"select {columns} from quarantine.{TABLE} order by all").fetchall()


def _instant(text: str | None, timezone: str) -> datetime | None:
    """Return when a row says that it arrived; None where it does not say, or nothing that can be read."""
    try:
        found = datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=ZoneInfo(timezone)) if found is not None and found.tzinfo is None else found


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(timezone))
