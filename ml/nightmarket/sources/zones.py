"""Shop-local dates and starts of days as SQL, from Python's own time zone rules.

The rules enter SQL as a ``case`` over the few instants at which the zone's offset changes within the data,
so a night needs no time zone database in DuckDB and both sides of a cut agree to the microsecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from nightmarket.clock import start_of_day_utc

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
"""Beyond these a garbled date would cost a scan of a million days; the outermost offset holds there."""


def local_date_sql(instant: str, zone: str, first: date, last: date) -> str:
    """Return SQL for the local date in ``zone`` of the UTC timestamp ``instant``.

    Parameters
    ----------
    instant : str
        A SQL expression of type TIMESTAMP, in UTC.
    first, last : date
        The days that the data spans, at least; the offsets are exact from the day before to the day after.
    """
    begin, end = _bounded(first, last)
    changes = _changes(datetime.combine(begin, time(), UTC), datetime.combine(end, time(), UTC), zone)
    return f"cast({instant} + to_seconds({_case(instant, changes, 'timestamp')}) as date)"


def start_of_day_sql(day: str, zone: str, first: date, last: date) -> str:
    """Return SQL for the UTC timestamp at which the local date ``day`` begins in ``zone``."""
    begin, end = _bounded(first, last)

    def seconds_after_utc_midnight(at: datetime) -> int:
        start = start_of_day_utc(at.date(), zone)
        return int((start - datetime.combine(at.date(), time(), UTC)).total_seconds())

    changes: list[tuple[datetime | None, int]] = []
    for number in range((end - begin).days + 1):
        at = datetime.combine(begin + timedelta(days=number), time(), UTC)
        seconds = seconds_after_utc_midnight(at)
        if not changes or changes[-1][1] != seconds:
            changes.append((at if changes else None, seconds))
    # Integer arithmetic: adding an interval to 20 million dates takes three times as long.
    return f"make_timestamp((({day} - date '1970-01-01') * 86400::bigint + {_case(day, changes, 'date')}) * 1000000)"


def _bounded(first: date, last: date) -> tuple[date, date]:
    begin = min(max(first, _FIRST_DAY), _LAST_DAY) - timedelta(days=1)
    end = max(min(last, _LAST_DAY), _FIRST_DAY) + timedelta(days=1)
    return begin, max(begin, end)


def _seconds_east(instant: datetime, zone: str) -> int:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


@cache  # every column of a load asks, most for the same span
def _changes(begin: datetime, end: datetime, zone: str) -> tuple[tuple[datetime | None, int], ...]:
    """Return (instant from which, seconds) pairs; days are bisected to the second where the offset differs."""
    before = _seconds_east(begin, zone)
    changes: list[tuple[datetime | None, int]] = [(None, before)]
    left = begin
    while left < end:
        right = left + timedelta(days=1)
        after = _seconds_east(right, zone)
        if after != before:
            low, high = left, right
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) // 2).replace(microsecond=0)
                low, high = (middle, high) if _seconds_east(middle, zone) == before else (low, middle)
            changes.append((high, after))
        left, before = right, after
    return tuple(changes)


def _case(expression: str, changes: Sequence[tuple[datetime | None, int]], kind: str) -> str:
    newest_first = [
        f"when {expression} >= {kind} '{at:%Y-%m-%d %H:%M:%S}' then {seconds}"
        for at, seconds in reversed(changes)
        if at is not None
    ]
    if not newest_first:
        return str(changes[0][1])
    return f"case {' '.join(newest_first)} else {changes[0][1]} end"
