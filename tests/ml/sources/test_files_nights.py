"""A user's own shop: its days, in its own zone, and the nights that they carry."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb

from nightmarket.errors import ContractBroken, DateOutsideData, SourceStale, SourceUnreadable
from nightmarket.steps import land

from .conftest import Shop, line, order_lines, reasons


def test_offsets_are_applied_and_local_dates_are_the_shops(shop: Shop) -> None:
    shop.append(
        "order_lines.csv", line(id="a", at="2024-03-10T02:30:00+02:00") + line(id="b", at="2024-03-11 03:30:00")
    )
    shop.land(timezone="America/New_York")
    assert shop.rows("select order_line_id, ordered_at, order_date from raw.order_lines where order_id = 'o'") == [
        ("a", datetime(2024, 3, 10, 0, 30), date(2024, 3, 9)),
        ("b", datetime(2024, 3, 11, 3, 30), date(2024, 3, 10)),
    ]


def test_a_plain_date_is_the_start_of_that_day_in_the_shops_zone(shop: Shop) -> None:
    shop.append(
        "order_lines.csv",
        line(id="a", at="2024-03-10")  # the clocks change that night
        + line(id="b", at=" 2024-03-11 ")
        + line(id="c", at="2024-03-11 00:00:00")
        + line(id="d", at="infinity")
        + line(id="e", at="0001-01-01")
        + line(id="f", at="2024-3-1 1"),
    )
    detail = shop.land(timezone="America/New_York", quarantine_limit_pct=100)
    assert reasons(detail) == {"bad_type:ordered_at": 2, "non_finite:ordered_at": 1}
    query = "select order_line_id, ordered_at, order_date from raw.order_lines where order_id = 'o' order by 1"
    assert shop.rows(query) == [
        ("a", datetime(2024, 3, 10, 5), date(2024, 3, 10)),
        ("b", datetime(2024, 3, 11, 4), date(2024, 3, 11)),
        ("c", datetime(2024, 3, 11), date(2024, 3, 10)),
    ]


def test_a_column_of_dates_holds_starts_of_days_in_the_shops_zone(shop: Shop) -> None:
    duckdb.sql(
        "select 'r' || i as review_id, 'p1' as product_id, "
        "if(i = 9, date 'infinity', date '2024-03-08' + i::integer) as reviewed_at from range(10) t(i)"
    ).write_parquet(str(shop.export / "reviews.parquet"))
    shop.land(timezone="America/New_York", quarantine_limit_pct=100)
    found = shop.rows("select reviewed_at, review_date from raw.reviews order by 1")
    assert [day for _, day in found] == [date(2024, 3, 8 + n) for n in range(9)]
    assert [at.hour for at, _ in found] == [5, 5, 5, 4, 4, 4, 4, 4, 4]


def test_a_complete_file_says_how_far_the_export_goes(shop: Shop) -> None:
    shop.write("_COMPLETE", "2024-07-18\n")
    assert shop.land()["as_of_date"] == "2024-07-19"


def test_a_garbled_complete_file_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("_COMPLETE", "yesterday")
    with refused(ContractBroken, "_COMPLETE with 'yesterday' but expected the last whole day"):
        shop.land()


def test_a_complete_file_that_is_a_folder_is_refused(shop: Shop, refused: Any) -> None:
    (shop.export / "_COMPLETE").mkdir()
    with refused(SourceUnreadable, r"_COMPLETE, which cannot be read \(Is a directory\)"):
        shop.land()


def test_one_order_far_ahead_does_not_move_the_shops_clock(shop: Shop, refused: Any) -> None:
    shop.append("order_lines.csv", line(at="2042-01-05 10:00:00"))
    with refused(ContractBroken, "complete through 2042-01-04 .* the last one up to then of 2024-07-18"):
        shop.land()
    shop.write("order_lines.csv", order_lines())
    shop.write("_COMPLETE", "9999-12-31")
    with refused(ContractBroken, "complete through 9999-12-31 .as the source states"):
        shop.land()


def test_nights_outside_the_data_are_refused_with_the_count(shop: Shop, refused: Any) -> None:
    with refused(DateOutsideData, "Got the night 2024-07-19 but expected at most 2024-07-18"):
        shop.land(date(2024, 7, 19))
    with refused(DateOutsideData, "Got the night 2024-05-19 with 139 days of closed history .* at least 140"):
        shop.land(date(2024, 5, 19))
    assert shop.land(date(2024, 5, 20))["as_of_date"] == "2024-05-20"


def test_a_scheduled_night_is_the_shops_date_and_a_stale_source_stops_it(shop: Shop, refused: Any) -> None:
    # 03:00 UTC on the 18th is still the evening of the 17th in New York.
    at = datetime.fromisoformat("2024-07-18T03:00:00+00:00")
    detail = land.run(shop.settings(timezone="America/New_York"), scheduled_for=at).detail
    assert detail["as_of_date"] == "2024-07-17"
    late = datetime.fromisoformat("2024-07-20T12:00:00+00:00")
    with refused(
        SourceStale, "complete through 2024-07-17 but expected 2024-07-19 for the scheduled night of 2024-07-20"
    ):
        land.run(shop.settings(timezone="America/New_York"), scheduled_for=late)
