"""Dates and instants of a night. The only module that knows how they relate.

``as_of_date`` is the one clock: a night for date D knows what happened and had arrived before
D 00:00 in the shop's time zone. Nothing here, and nothing below the command line, asks what
time it is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STEP_DAYS = 28
"""Length of a label window and distance between training origins, in days."""


def start_of_day_utc(day: date, time_zone: str) -> datetime:
    """Return the UTC instant at which ``day`` begins in ``time_zone``."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


def local_date(instant: datetime, time_zone: str) -> date:
    """Return the calendar date of an aware ``instant`` in ``time_zone``."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def origins_before(cut_off: date, *, first_steps_back: int, n_origins: int) -> list[date]:
    """Return up to ``n_origins`` dates every 28 days, newest first.

    The first lies ``first_steps_back`` × 28 days before ``cut_off``, so that its label window
    of 28 days closed ``first_steps_back - 1`` windows before it.
    """
    newest = cut_off - timedelta(days=STEP_DAYS * first_steps_back)
    return [newest - timedelta(days=STEP_DAYS * i) for i in range(n_origins)]


def number_of_day(day: date) -> int:
    """Return how many days after 1970-01-01 ``day`` lies."""
    return (day - date(1970, 1, 1)).days


def day_of_number(days: int) -> date:
    """Return the date that lies ``days`` days after 1970-01-01."""
    return date(1970, 1, 1) + timedelta(days=days)
