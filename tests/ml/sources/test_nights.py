"""Which night a land is for."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from nightmarket.errors import ContractBroken, DateOutsideData, SourceStale
from nightmarket.sources.nights import check_night, check_recent, scheduled_night

DEMO_END = date(2017, 12, 31)
AT = datetime.fromisoformat("2026-11-23T03:00:00+00:00")


@pytest.mark.parametrize(
    ("published", "night"),
    [
        ([], date(2018, 1, 1)),
        ([date(2017, 11, 30), date(2017, 11, 2)], date(2017, 12, 1)),
        ([date(2017, 12, 31)], date(2018, 1, 1)),
        ([date(2018, 1, 1)], date(2018, 1, 1)),
    ],
)
def test_a_source_that_stands_still_replays_its_next_date(published: list[date], night: date) -> None:
    found = scheduled_night(
        AT, timezone="America/New_York", complete_through=DEMO_END, stands_still=True, published=published
    )
    assert found == night


def test_a_source_that_closed_yesterday_is_in_time_and_one_day_less_is_stale() -> None:
    def night(complete_through: date) -> date:
        return scheduled_night(AT, timezone="UTC", complete_through=complete_through, stands_still=False, published=[])

    assert night(date(2026, 11, 22)) == date(2026, 11, 23)
    with pytest.raises(SourceStale, match="complete through 2026-11-21 but expected 2026-11-22"):
        night(date(2026, 11, 21))


def test_the_first_night_of_the_demo_has_140_days_before_it() -> None:
    check_night(date(2017, 5, 21), first_order=date(2017, 1, 1), complete_through=DEMO_END)
    with pytest.raises(DateOutsideData, match=r"Got the night 2017-05-20 with 139 days .* at least 140: too little"):
        check_night(date(2017, 5, 20), first_order=date(2017, 1, 1), complete_through=DEMO_END)
    with pytest.raises(DateOutsideData, match="at most 2018-01-01: the source is complete through 2017-12-31"):
        check_night(date(2018, 1, 2), first_order=date(2017, 1, 1), complete_through=DEMO_END)


def test_a_shop_that_is_too_young_is_told_so() -> None:
    with pytest.raises(DateOutsideData, match=r"with 30 days .*Deliver older orders"):
        check_night(date(2024, 1, 31), first_order=date(2024, 1, 1), complete_through=date(2024, 1, 30))


def test_an_end_of_the_data_is_believed_up_to_four_weeks_after_its_last_order() -> None:
    check_recent(date(2024, 6, 28), last_order=date(2024, 5, 31), is_stated=True)
    with pytest.raises(ContractBroken, match=r"complete through 2024-06-29 .as the source states.* of 2024-05-31"):
        check_recent(date(2024, 6, 29), last_order=date(2024, 5, 31), is_stated=True)
    with pytest.raises(ContractBroken, match=r"the day before the newest order's.* up to then nowhere"):
        check_recent(date(2024, 6, 29), last_order=None, is_stated=False)
