"""A user's own shop, day after day: corrections, repeated dumps, and when each counts as known."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from .conftest import ORDER_HEADER, PRODUCTS, Shop, line, order_lines, reasons


def test_a_later_file_arrives_just_before_its_night_and_repeats_are_not_new(shop: Shop) -> None:
    shop.land(date(2024, 7, 10))
    shop.write("order_lines_2024-07-19.csv", order_lines(3) + line(id="late", at="2024-07-01 09:00:00"))
    detail = shop.land(date(2024, 7, 12), timezone=None)
    assert (detail["files_read"], detail["rows_repeated"]) == (1, 3)
    assert detail["tables"]["order_lines"]["rows_in"] == 201
    assert shop.rows(
        "select order_date, arrived_at, arrived_date from raw.order_lines where order_line_id = 'late'"
    ) == [(date(2024, 7, 1), datetime(2024, 7, 11, 23, 59, 59, 999999), date(2024, 7, 11))]


def test_what_a_later_file_has_of_the_open_day_arrives_when_it_happened(shop: Shop) -> None:
    shop.land()
    shop.write("order_lines_2024-07-19.csv", ORDER_HEADER + line(id="open", at="2024-07-19 02:00:00"))
    assert shop.land()["as_of_date"] == "2024-07-19"
    assert shop.rows("select arrived_at from raw.order_lines where order_line_id = 'open'") == [
        (datetime(2024, 7, 19, 2),)
    ]


def test_a_correction_is_a_second_version_and_a_missing_row_is_no_deletion(shop: Shop) -> None:
    shop.land(date(2024, 7, 10))
    shop.write(
        "order_lines.csv",
        order_lines(150).replace("l7,o7,c1,p2,2024-01-08 12:00:00,1,", "l7,o7,c1,p2,2024-01-08 12:00:00,3,"),
    )
    detail = shop.land(date(2024, 7, 11), timezone="UTC")
    assert detail["tables"]["order_lines"]["rows_accepted"] == 201
    assert shop.rows("select quantity, arrived_at from raw.order_lines where order_line_id = 'l7' order by 2") == [
        (Decimal(1), datetime(2024, 1, 8, 12)),
        (Decimal(3), datetime(2024, 7, 10, 23, 59, 59, 999999)),
    ]


def test_a_second_correction_in_one_night_replaces_the_first(shop: Shop) -> None:
    night = date(2024, 7, 10)
    shop.land(night)
    for number, paid in enumerate(("7", "8")):
        shop.write(
            f"order_lines_2024-07-1{number}.csv", ORDER_HEADER + line(id="l7", paid=paid) + line(id=f"n{number}")
        )
        detail = shop.land(night)
    table = detail["tables"]["order_lines"]
    assert table["rows_in"] == 204 == table["rows_accepted"] + table["rows_quarantined"]
    assert reasons(detail) == {"superseded": 1}
    versions = shop.rows("select sales_amount from raw.order_lines where order_line_id = 'l7' order by arrived_at")
    assert versions == [(Decimal("2.5"),), (Decimal(8),)]
    assert shop.rows("select sales_amount from quarantine.order_lines") == [("7.0000",)]
    assert shop.land(night)["snapshot_id"] == detail["snapshot_id"]


def test_a_dump_that_returns_to_an_older_content_is_landed(shop: Shop) -> None:
    shop.land(date(2024, 7, 10))
    shop.write("products.csv", PRODUCTS.replace("Green", "White"))
    shop.land(date(2024, 7, 11))
    shop.write("products.csv", PRODUCTS)
    shop.land(date(2024, 7, 12))
    names = shop.rows("select product_name from raw.products where product_id = 'p1' order by arrived_at")
    assert names == [("Green tea",), ("White tea",), ("Green tea",)]


def test_the_newest_increment_wins_within_one_load(shop: Shop) -> None:
    shop.write("products/2024-01.csv", PRODUCTS)
    shop.write("products/2024-02.csv", PRODUCTS.replace("Green", "White"))
    detail = shop.land()
    assert detail["tables"]["products"]["rows_in"] == 4
    assert detail["rows_repeated"] == 2
    assert reasons(detail, "products") == {"superseded": 2}
    assert shop.rows("select product_name from raw.products order by product_id") == [("White tea",), ("Rye loaf",)]


CAMPAIGNS = """campaign_id,campaign_name,start_date,end_date
over,Spring,2024-05-01,2024-05-14
last,Last day,2024-07-18,2024-07-30
open,Tomorrow,2024-07-19,2024-07-30
ahead,Autumn,2024-09-01,2024-09-14
"""
PROMOTIONS = "product_id,start_date,end_date\np1,2024-05-01,2024-05-14\np1,2024-09-01,2024-09-14\n"


@pytest.mark.parametrize("night", [None, date(2024, 7, 1)], ids=["the newest night", "a night long before"])
def test_what_is_announced_for_later_is_known_when_the_first_load_ends(shop: Shop, night: date | None) -> None:
    shop.write("campaigns.csv", CAMPAIGNS)
    shop.write("promotions.csv", PROMOTIONS)
    shop.write("_COMPLETE", "2024-07-18")
    zone = {"timezone": "Europe/Berlin"}
    shop.land(night, **zone)
    arrivals = "select arrived_at, arrived_date from raw.{} order by start_date"
    end = (datetime(2024, 7, 18, 21, 59, 59, 999999), date(2024, 7, 18))
    past = (datetime(2024, 4, 30, 22), date(2024, 5, 1))
    assert shop.rows(arrivals.format("campaigns")) == [past, (datetime(2024, 7, 17, 22), date(2024, 7, 18)), end, end]
    assert shop.rows(arrivals.format("promotions")) == [past, end]


def test_a_correction_of_what_was_announced_counts_from_its_own_night(shop: Shop) -> None:
    shop.write("campaigns.csv", CAMPAIGNS)
    assert shop.land()["as_of_date"] == "2024-07-18"
    shop.write("order_lines.csv", order_lines(201))
    shop.write("campaigns.csv", CAMPAIGNS.replace("Autumn", "Harvest"))
    assert shop.land()["as_of_date"] == "2024-07-19"
    versions = shop.rows(
        "select campaign_name, arrived_date from raw.campaigns where campaign_id = 'ahead' order by arrived_at"
    )
    assert versions == [("Autumn", date(2024, 7, 17)), ("Harvest", date(2024, 7, 18))]


def test_an_arrival_that_the_source_records_is_kept(shop: Shop) -> None:
    header, *rows = order_lines().splitlines()
    text = "\n".join([header + ",arrived_at", *(row + "," for row in rows)]) + "\n"
    versions = (
        line(id="l7").strip() + ",2024-05-01 08:00:00\n" + line(id="l7", paid="8").strip() + ",2024-05-02 08:00:00\n"
    )
    shop.write("order_lines.csv", text + versions)
    assert reasons(shop.land()) == {}
    arrivals = shop.rows("select arrived_at from raw.order_lines where order_line_id = 'l7' order by 1")
    assert arrivals == [(datetime(2024, 1, 8, 12),), (datetime(2024, 5, 1, 8),), (datetime(2024, 5, 2, 8),)]
