"""Which night a land is for: the default, the scheduled, and the ones it must refuse."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from nightmarket.clock import local_date
from nightmarket.errors import ContractBroken, DateOutsideData, SourceStale

HISTORY_DAYS = 140
"""Closed history a night needs: five windows of 28 days (train, calibrate, test, and 56 days of behaviour)."""

MOST_SILENT_DAYS = 28
"""Days without an order before the end of the data; more are a wrong end."""

_DAY = timedelta(days=1)


def scheduled_night(
    scheduled_for: datetime, *, timezone: str, complete_through: date, stands_still: bool, published: list[date]
) -> date:
    """Return the night of a scheduled run: its shop-local date, or the next one of a source that stands still.

    Parameters
    ----------
    scheduled_for : datetime
        The aware instant that the scheduler named; never the wall clock.
    published : list of date
        Nights already published; a source that stands still goes on after the greatest of them.

    Raises
    ------
    SourceStale
        The source has not closed the day before the run's date.
    """
    if stands_still:
        return min(max(published) + _DAY, complete_through + _DAY) if published else complete_through + _DAY
    run_date = local_date(scheduled_for, timezone)
    if complete_through < run_date - _DAY:
        raise SourceStale(
            f"Got a source that is complete through {complete_through} but expected {run_date - _DAY} for the "
            f"scheduled night of {run_date} ({timezone}). Deliver the missing days and run it again; yesterday's "
            "scores stay served."
        )
    return run_date


def check_recent(complete_through: date, *, last_order: date | None, is_stated: bool) -> None:
    """Refuse an end of the data that its orders do not bear out.

    One order dated 2042 would move the shop's clock there, and all that is landed later would arrive in 2042.

    Parameters
    ----------
    last_order : date, optional
        The newest order up to ``complete_through``.
    is_stated
        Whether the source states ``complete_through``; else it is the day before the newest order's.

    Raises
    ------
    ContractBroken
        The last ``MOST_SILENT_DAYS`` have no order.
    """
    if last_order is not None and (complete_through - last_order).days <= MOST_SILENT_DAYS:
        return
    end = "as the source states" if is_stated else "the day before the newest order's"
    before = f"of {last_order}" if last_order else "nowhere"
    raise ContractBroken(
        f"Got orders that are complete through {complete_through} ({end}) and the last one up to then {before}, but "
        f"expected one in the {MOST_SILENT_DAYS} days before. Correct the date that lies too far ahead; a shop that "
        "was closed for so long can land with the orders of its second day."
    )


def check_night(as_of: date, *, first_order: date, complete_through: date) -> None:
    """Refuse a night that the data cannot carry.

    Raises
    ------
    DateOutsideData
        ``as_of`` lies after the day that follows ``complete_through``, or has too little history before it.
    """
    last = complete_through + _DAY
    first = first_order + timedelta(days=HISTORY_DAYS)
    if as_of > last:
        raise DateOutsideData(
            f"Got the night {as_of} but expected at most {last}: the source is complete through {complete_through}. "
            f"Choose a night from {first} to {last}, or wait for newer data."
        )
    if as_of < first:
        days = max((as_of - first_order).days, 0)
        raise DateOutsideData(
            f"Got the night {as_of} with {days} days of closed history before it (the first order is of {first_order}) "
            f"but expected at least {HISTORY_DAYS}: too little closed history for the training windows. "
            + (f"Choose a night from {first} to {last}." if first <= last else f"Deliver older orders: it ends {last}.")
        )
