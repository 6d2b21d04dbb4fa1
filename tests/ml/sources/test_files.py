"""A user's own shop: what lands, what is quarantined, what is refused."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightmarket.contracts import CONTRACT_TABLES, SERVED_TABLES, SHOP_CONTRACT
from nightmarket.errors import (
    ContractBroken,
    DateOutsideData,
    InvalidSetting,
    SourceStale,
    SourceUnreadable,
    UnknownSource,
    WarehouseDamaged,
)
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night_facts import previous_rows
from nightmarket.io.serving import StagedTable, publish_night
from nightmarket.settings import Settings
from nightmarket.sources import SOURCES
from nightmarket.sources.base import InputFile
from nightmarket.sources.files import Files
from nightmarket.steps import land

from .conftest import ORDER_HEADER, PRODUCTS, Shop, order_lines

NIGHT_ROW = {"as_of_date": "'2024-07-18'", "horizon_days": "28", "probability": "0.5"}


def reasons(detail: dict[str, Any], table: str = "order_lines") -> dict[str, int]:
    return dict(detail["tables"][table]["reasons"])


def test_a_plain_export_lands_whole_and_typed(shop: Shop) -> None:
    detail = shop.land()
    assert detail["as_of_date"] == "2024-07-18"
    assert detail["complete_through"] == "2024-07-17"
    assert detail["tables"]["order_lines"] == {
        "provided": True,
        "rows_in": 200,
        "rows_accepted": 200,
        "rows_quarantined": 0,
        "reasons": {},
    }
    assert shop.rows("select * from raw.order_lines where order_line_id = 'l0'") == [
        (
            *("l0", "o0", "c0", "p1", None, datetime(2024, 1, 1, 12), date(2024, 1, 1)),
            *(Decimal("1.0000"), Decimal("2.5000"), Decimal(0), Decimal(0), "EUR", False),
            *(datetime(2024, 1, 1, 12), date(2024, 1, 1)),
        )
    ]


def test_tables_that_are_not_provided_are_empty_and_have_the_contracts_types(shop: Shop) -> None:
    shop.land()
    for table in SHOP_CONTRACT:
        described = shop.rows(f"describe raw.{table.name}")
        assert [(row[0], row[1]) for row in described] == [(c.name, c.type) for c in table.columns]
    assert shop.rows("select count(*) from raw.reviews") == [(0,)]


def test_landing_twice_gives_the_same_snapshot_and_files(shop: Shop, tmp_path: Path) -> None:
    first = shop.land()
    again = shop.land()
    assert again["snapshot_id"] == first["snapshot_id"]
    assert (first["files_read"], again["files_read"]) == (2, 0)
    elsewhere = shop.land(var_dir=tmp_path / "other", threads=1)
    assert elsewhere["snapshot_id"] == first["snapshot_id"]
    landed = sorted((shop.var / "landing" / "files").rglob("*.parquet"))
    other = sorted((tmp_path / "other" / "landing" / "files").rglob("*.parquet"))
    assert [path.name for path in landed] == [path.name for path in other]
    assert all(path.stem == sha256_of_file(path) for path in landed)


LINE = {"id": "x", "order": "o", "customer": "c1", "product": "p1", "at": "2024-02-01 10:00:00", "n": "1", "paid": "9"}


def line(**changes: str) -> str:
    return ",".join({**LINE, **changes}.values()) + "\n"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(customer=""), "missing_required"),
        (line(customer="  "), "missing_required"),
        (line(n="three"), "bad_type:quantity"),
        (line(n="nan"), "non_finite:quantity"),
        (line(paid="-inf"), "non_finite:sales_amount"),
        (line(paid="1,50").replace("1,50", '"1,50"'), "bad_type:sales_amount"),
        (line(paid="123456789012345"), "bad_type:sales_amount"),
        (line(paid="1000000000.01"), "out_of_range:sales_amount"),
        (line(n="-4006381333931"), "out_of_range:quantity"),
        (line(at="01/02/2024"), "bad_type:ordered_at"),
        (line(at="infinity"), "non_finite:ordered_at"),
        (line(at="9999-12-31 23:30:00"), "bad_type:ordered_at"),
        (line(at="12000-01-01 00:00:00"), "bad_type:ordered_at"),
        (line(at="0001-01-01 00:30:00"), "bad_type:ordered_at"),
        (line(id="l5"), "duplicate_key"),
        (line() + line(paid="8"), "duplicate_key"),
        ("x,o,c1,p1\n", "unreadable_line:missing_columns"),
        (line(paid="9,extra"), "unreadable_line:too_many_columns"),
        (line(customer='"a" b'), "unreadable_line:unquoted_value"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_reason_and_no_row_is_lost(shop: Shop, bad: str, reason: str) -> None:
    shop.append("order_lines.csv", bad)
    detail = shop.land()
    table = detail["tables"]["order_lines"]
    assert reasons(detail) == {reason: 1}
    assert table["rows_in"] == 200 + bad.count("\n") == table["rows_accepted"] + table["rows_quarantined"]
    assert shop.rows("select reason from quarantine.order_lines") == [(reason,)]


def test_bytes_that_are_no_utf8_cost_their_line_only(shop: Shop) -> None:
    shop.write("order_lines.csv", order_lines().encode() + line(customer="?").encode().replace(b"?", b"\xff\xfe"))
    assert reasons(shop.land()) == {"unreadable_line:invalid_encoding": 1}


def test_the_quarantine_keeps_every_source_column_as_text(shop: Shop) -> None:
    shop.write(
        "order_lines.csv", order_lines().replace("\n", ",web\n").replace("sales_amount,web", "sales_amount,Channel")
    )
    shop.append("order_lines.csv", line(n="three").strip() + ",app\n")
    detail = shop.land()
    assert detail["ignored_columns"] == {"order_lines.csv": ["channel"]}
    assert shop.rows("select quantity, sales_amount, channel from quarantine.order_lines") == [("three", "9", "app")]


def test_a_column_called_as_the_quarantine_calls_its_own_is_kept_beside_them(shop: Shop) -> None:
    shop.write(
        "order_lines.csv", order_lines().replace("\n", ",gift\n").replace("sales_amount,gift", "sales_amount,Reason")
    )
    shop.append("order_lines.csv", line(n="three").strip() + ",return\n")
    assert shop.land()["ignored_columns"] == {"order_lines.csv": ["reason"]}
    assert shop.rows("select reason, extra_8 from quarantine.order_lines") == [("bad_type:quantity", "return")]


def test_bad_rows_of_a_dump_are_quarantined_once_and_do_not_stop_the_next_night(shop: Shop) -> None:
    shop.append("order_lines.csv", line(n="three") + "x,o,c1,p1\n")
    first = shop.land()
    # The export gains a column overnight.
    header, *rows = (order_lines() + line(n="three")).splitlines()
    wider = "\n".join([f"{header},note", *(f"{row}," for row in rows)]) + "\nx,o,c1,p1\n"
    shop.write("order_lines.csv", wider + line(id="new", at="2024-07-19 10:00:00").strip() + ",\n")
    again = shop.land()
    assert reasons(again) == reasons(first) == {"bad_type:quantity": 1, "unreadable_line:missing_columns": 1}
    table = again["tables"]["order_lines"]
    assert table["rows_in"] == 203 == table["rows_accepted"] + table["rows_quarantined"]
    assert again["rows_repeated"] == 202
    assert shop.rows("select count(*) from quarantine.order_lines") == [(2,)]


def test_the_greatest_numbers_are_accepted(shop: Shop) -> None:
    shop.append("order_lines.csv", line(n="1000000000", paid="-1000000000"))
    assert reasons(shop.land()) == {}


def test_hidden_files_are_left_alone(shop: Shop) -> None:
    shop.write("order_lines/.half.csv", ORDER_HEADER + line(customer=""))
    shop.write(".git/config", "")
    detail = shop.land()
    assert (detail["files_read"], detail["ignored_files"]) == (2, [])


def test_every_other_file_is_listed_as_ignored(shop: Shop) -> None:
    shop.write("_COMPLETE", "2024-07-17")
    for name in ("customer.csv", "order_lines.csv.gz", "order_lines/notes.txt", "old/order_lines.csv"):
        shop.write(name, "x")
    (shop.export / "order_lines" / "2023").mkdir()
    (shop.export / "order_lines" / "2023" / "12.csv").write_text(ORDER_HEADER)
    (shop.export / "customers.csv").symlink_to("gone.csv")
    assert shop.land()["ignored_files"] == [
        "customer.csv",
        "customers.csv",
        "old/order_lines.csv",
        "order_lines.csv.gz",
        "order_lines/2023/12.csv",
        "order_lines/notes.txt",
    ]


def test_a_suffix_may_be_in_upper_case(shop: Shop) -> None:
    import duckdb

    (shop.export / "order_lines.csv").rename(shop.export / "order_lines.CSV")
    duckdb.sql("select 'r1' as review_id, 'p1' as product_id, timestamp '2024-01-02' as reviewed_at").write_parquet(
        str(shop.export / "reviews.Parquet")
    )
    detail = shop.land()
    assert detail["tables"]["order_lines"]["rows_accepted"] == 200
    assert detail["tables"]["reviews"]["rows_accepted"] == 1
    assert detail["ignored_files"] == []


def test_a_parquet_column_called_rowid_does_not_hide_the_rows_order(shop: Shop) -> None:
    import duckdb

    (shop.export / "products.csv").unlink()
    duckdb.sql(
        "select 9 - i as \"RowID\", 'p' || (i % 2) as product_id, 'name ' || i as product_name from range(4) t(i)"
    ).write_parquet(str(shop.export / "products.parquet"))
    detail = shop.land(quarantine_limit_pct=100)
    assert detail["ignored_columns"] == {"products.parquet": ["rowid"]}
    assert shop.rows("select product_id, product_name from raw.products order by 1") == [
        ("p0", "name 0"),
        ("p1", "name 1"),
    ]
    assert shop.rows("select rowid, product_name from quarantine.products order by 2") == [
        ("7", "name 2"),
        ("6", "name 3"),
    ]


def test_parquet_with_a_year_beyond_the_calendar_costs_its_row_only(shop: Shop) -> None:
    import duckdb

    text = order_lines() + line(id="far", at="12000-01-01 00:00:00") + line(id="ad", at="9999-12-31 23:30:00")
    shop.write("lines.csv", text)
    types = "types = {'ordered_at': 'TIMESTAMP'}"
    duckdb.sql(f"from read_csv('{shop.export / 'lines.csv'}', {types})").write_parquet(
        str(shop.export / "order_lines.parquet")
    )
    (shop.export / "order_lines.csv").unlink()
    assert reasons(shop.land(timezone="Europe/Berlin")) == {"bad_type:ordered_at": 2}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\r\x00", codec="utf-8"), max_size=6), min_size=7, max_size=7
        ),
        max_size=12,
    )
)
def test_whatever_the_values_every_row_is_accepted_or_quarantined(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    text = "".join(",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows)
    shop.append("order_lines.csv", text)
    table = shop.land(quarantine_limit_pct=100)["tables"]["order_lines"]
    assert table["rows_in"] == 200 + len(rows) == table["rows_accepted"] + table["rows_quarantined"]


def test_returns_zero_quantities_and_unknown_products_are_accepted(shop: Shop) -> None:
    shop.append("order_lines.csv", line(id="a", n="-2", paid="-5") + line(id="b", n="0") + line(id="c", product="p99"))
    assert shop.land()["tables"]["order_lines"]["rows_accepted"] == 203


def test_headers_in_any_case_a_byte_order_mark_and_semicolons_are_read(shop: Shop) -> None:
    text = order_lines().replace(ORDER_HEADER, ORDER_HEADER.upper()).replace(",", ";").replace("\n", "\r\n")
    shop.write("order_lines.csv", b"\xef\xbb\xbf" + text.encode())
    shop.append("products.csv", '"p3","Tea, ""first flush""\nloose",tea\n')
    detail = shop.land()
    assert detail["tables"]["order_lines"]["rows_accepted"] == 200
    assert shop.rows("select product_name from raw.products where product_id = 'p3'") == [
        ('Tea, "first flush"\nloose',)
    ]


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
    import duckdb

    duckdb.sql(
        "select 'r' || i as review_id, 'p1' as product_id, "
        "if(i = 9, date 'infinity', date '2024-03-08' + i::integer) as reviewed_at from range(10) t(i)"
    ).write_parquet(str(shop.export / "reviews.parquet"))
    shop.land(timezone="America/New_York", quarantine_limit_pct=100)
    found = shop.rows("select reviewed_at, review_date from raw.reviews order by 1")
    assert [day for _, day in found] == [date(2024, 3, 8 + n) for n in range(9)]
    assert [at.hour for at, _ in found] == [5, 5, 5, 4, 4, 4, 4, 4, 4]


def test_a_header_cannot_become_sql(shop: Shop) -> None:
    evil = "x\" from read_csv('/etc/hostname'); --"
    shop.write("products.csv", f'product_id,"{evil.replace(chr(34), chr(34) * 2)}"\np1,a\np2,b\n')
    assert shop.land()["ignored_columns"] == {"products.csv": [evil]}


def test_parquet_with_float_ids_gives_the_ids_of_whole_numbers(shop: Shop) -> None:
    import duckdb

    (shop.export / "products.csv").unlink()
    duckdb.sql("select * from (values (1.0::double, 'Tea'), (2.0, 'Rye')) t(Product_ID, product_name)").write_parquet(
        str(shop.export / "products.parquet")
    )
    shop.land()
    assert shop.rows("select product_id from raw.products order by 1") == [("1",), ("2",)]


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


def foreign(shop: Shop, *codes: str) -> None:
    header, *rows = order_lines().splitlines()
    shop.write("order_lines.csv", "\n".join([header + ",currency", *(row + ",EUR" for row in rows)]) + "\n")
    for number, code in enumerate(codes):
        shop.append("order_lines.csv", line(id=f"f{number}", paid="10").strip() + f",{code}\n")


def test_a_foreign_currency_is_quarantined_where_no_rate_is_given(shop: Shop) -> None:
    foreign(shop, "USD", "eur")
    assert reasons(shop.land()) == {"foreign_currency": 1}


def test_a_foreign_currency_is_converted_at_the_rate_of_its_day(shop: Shop) -> None:
    foreign(shop, "USD", "CHF")
    shop.write("fx_rates.csv", "currency,rate_date,rate\nUSD,2024-01-01,0.5\nUSD,2024-02-01,0.9\nUSD,2024-03-01,2\n")
    assert reasons(shop.land()) == {"foreign_currency": 1}
    assert shop.rows("select quantity, sales_amount, currency from raw.order_lines where order_line_id = 'f0'") == [
        (Decimal(1), Decimal("9.0000"), "EUR")
    ]


def test_a_conversion_to_a_great_amount_is_made_and_one_beyond_the_range_is_quarantined(shop: Shop) -> None:
    foreign(shop, "KWD", "XAU")
    shop.write("fx_rates.csv", "currency,rate_date,rate\nKWD,2024-01-01,480000\nXAU,2024-01-01,9999999999\n")
    assert reasons(shop.land()) == {"out_of_range:sales_amount": 1}
    assert shop.rows("select sales_amount from raw.order_lines where order_line_id = 'f0'") == [(Decimal(4_800_000),)]


def test_the_one_currency_in_the_data_is_the_shops(shop: Shop) -> None:
    foreign(shop)
    assert shop.land(currency=None)["currency"] == "EUR"


def test_a_complete_file_says_how_far_the_export_goes(shop: Shop) -> None:
    shop.write("_COMPLETE", "2024-07-18\n")
    assert shop.land()["as_of_date"] == "2024-07-19"


def test_negative_stock_and_a_broken_count_are_named(shop: Shop) -> None:
    rows = "".join(f"p1,2024-01-{day:02d},{day},2\n" for day in range(1, 32))
    shop.write(
        "inventory.csv",
        "product_id,stock_date,on_hand_quantity,lead_time_days\n" + rows + "p1,2024-02-01,-1,2\np1,2024-02-02,1,2.5\n",
    )
    detail = shop.land(quarantine_limit_pct=10)
    assert reasons(detail, "inventory") == {"bad_type:lead_time_days": 1, "negative:on_hand_quantity": 1}


def test_an_unknown_source_is_refused(shop: Shop, refused: Any) -> None:
    with refused(UnknownSource, "Got source 'oracle' but expected one of complete_journey, files"):
        shop.land(source="oracle")


def test_a_missing_folder_is_refused(shop: Shop, refused: Any, tmp_path: Path) -> None:
    with refused(SourceUnreadable, "which is not there, but expected a folder of exports"):
        shop.land(source_path=tmp_path / "nowhere")
    with refused(InvalidSetting, "expected NIGHTMARKET_SOURCE_PATH to name one"):
        shop.land(source_path=None)


def test_a_folder_without_contract_files_is_refused(shop: Shop, refused: Any) -> None:
    for name in ("products", "order_lines"):
        (shop.export / f"{name}.csv").rename(shop.export / f"my-{name}.csv")
    with refused(SourceUnreadable, r"it holds my-order_lines.csv, my-products.csv"):
        shop.land()


def test_a_missing_required_table_is_refused(shop: Shop, refused: Any) -> None:
    (shop.export / "products.csv").rename(shop.export / "product.csv")
    with refused(
        ContractBroken,
        r"Got no table products from the source files \(it ignores product.csv\) but expected products, order_lines",
    ):
        shop.land()


def test_a_missing_column_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("order_lines.csv", order_lines().replace("sales_amount", "price"))
    with refused(ContractBroken, r"order_lines.csv without the column sales_amount \(it has.*: price\)"):
        shop.land()


def test_a_column_of_the_wrong_type_is_refused(shop: Shop, refused: Any) -> None:
    shop.land()
    shop.write("order_lines.csv", order_lines().replace(" 12:00:00,1,", " 12:00:00,one,"))
    with refused(ContractBroken, r"order_lines.quantity from order_lines.csv where none of 200 values is a DECIMAL"):
        shop.land()


def test_an_empty_table_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.csv", "review_id,product_id,reviewed_at\n")
    with refused(ContractBroken, "Got no row for reviews in reviews.csv but expected at least one"):
        shop.land()
    shop.write("reviews.csv", "")
    with refused(ContractBroken, "reviews.csv without a header"):
        shop.land()


def test_too_many_bad_rows_are_refused(shop: Shop, refused: Any) -> None:
    shop.append("order_lines.csv", "".join(line(id=f"b{n}", n="x") for n in range(10)))
    with refused(ContractBroken, r"Got 10 of 210 rows of order_lines .*4.76 %: bad_type:quantity × 10.* at most 1 %"):
        shop.land()


def test_one_bad_row_of_a_small_increment_does_not_refuse_the_night(shop: Shop) -> None:
    shop.land(date(2024, 7, 10))
    shop.write(
        "order_lines_2024-07-19.csv",
        ORDER_HEADER
        + "".join(line(id=f"n{n}") for n in range(11))
        + "".join(line(id=f"b{n}", n="x") for n in range(9)),
    )
    assert reasons(shop.land(date(2024, 7, 11))) == {"bad_type:quantity": 9}


def test_a_file_that_goes_between_listing_and_reading_is_refused(
    shop: Shop, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Vanishing(Files):
        def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
            found = super().inputs(settings)
            found[0].path.unlink()
            return found

    monkeypatch.setitem(SOURCES, "files", Vanishing())
    with refused(SourceUnreadable, r"order_lines.csv, which cannot be read \(No such file or directory\)"):
        shop.land()


@pytest.mark.parametrize("name", ["reviews.parquet", "reviews.csv", "_COMPLETE"])
def test_a_file_without_permission_is_refused(shop: Shop, refused: Any, name: str) -> None:
    shop.write(name, "x")
    (shop.export / name).chmod(0)
    if os.access(shop.export / name, os.R_OK):
        pytest.skip("root reads every file")
    with refused(SourceUnreadable, rf"{name}, .*cannot be read.*Permission denied"):
        shop.land()


def test_a_complete_file_that_is_a_folder_is_refused(shop: Shop, refused: Any) -> None:
    (shop.export / "_COMPLETE").mkdir()
    with refused(SourceUnreadable, r"_COMPLETE, which cannot be read \(Is a directory\)"):
        shop.land()


def test_a_damaged_warehouse_is_one_clear_error_and_can_be_deleted(shop: Shop) -> None:
    first = shop.land()
    path = shop.settings().warehouse_path
    whole = path.read_bytes()
    for damaged in (b"no database" * 1000, whole[:12388] + b"\xff" * 64 + whole[12452:], whole[:5000]):
        path.write_bytes(damaged)
        with pytest.raises(WarehouseDamaged, match=r"delete it .*`nightmarket land`, `embed` and `transform` build it"):
            shop.land()
    path.unlink()
    assert shop.land()["snapshot_id"] == first["snapshot_id"]


def test_a_file_that_is_no_parquet_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.parquet", "no parquet")
    with refused(SourceUnreadable, "reviews.parquet, which cannot be read as parquet"):
        shop.land()


def test_two_currencies_without_a_setting_are_refused(shop: Shop, refused: Any) -> None:
    foreign(shop, "USD")
    with refused(InvalidSetting, "Got amounts in EUR, USD and no setting"):
        shop.land(currency=None)


def test_a_column_given_twice_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("products.csv", PRODUCTS.replace("category_id", "Product_Name"))
    with refused(ContractBroken, "products.csv with the column product_name more than once"):
        shop.land()


def test_a_garbled_complete_file_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("_COMPLETE", "yesterday")
    with refused(ContractBroken, "_COMPLETE with 'yesterday' but expected the last whole day"):
        shop.land()


def test_one_order_far_ahead_does_not_move_the_shops_clock(shop: Shop, refused: Any) -> None:
    shop.append("order_lines.csv", line(at="2042-01-05 10:00:00"))
    with refused(ContractBroken, "complete through 2042-01-04 .* the last one up to then of 2024-07-18"):
        shop.land()
    shop.write("order_lines.csv", order_lines())
    shop.write("_COMPLETE", "9999-12-31")
    with refused(ContractBroken, "complete through 9999-12-31 .as the source states"):
        shop.land()


def test_a_first_line_without_end_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.csv", "x" * 200_000)
    with refused(SourceUnreadable, "reviews.csv, whose first line is no header"):
        shop.land()


def test_another_source_than_the_published_one_is_refused(shop: Shop, refused: Any) -> None:
    import duckdb

    detail = shop.land()
    columns = ", ".join(
        f"cast({NIGHT_ROW.get(column.name, repr('x'))} as {column.type}) as {column.name}"
        for column in SERVED_TABLES["scores.purchase_intent"].columns
    )
    staged = shop.var / "staged.parquet"
    duckdb.sql(f"select {columns}").write_parquet(str(staged))
    publish_night(
        shop.settings(),
        as_of=date(2024, 7, 18),
        snapshot_id=detail["snapshot_id"],
        staged={
            "scores.purchase_intent": StagedTable(staged, sha256_of_file(staged), "purchase_intent", "r", "m", "l")
        },
        verdict="passed",
        checks={},
        steps={},
    )
    with refused(
        InvalidSetting, "Got NIGHTMARKET_SOURCE=complete_journey but expected files, whose nights are published"
    ):
        shop.land(source="complete_journey")
    assert previous_rows(shop.settings(), date(2024, 7, 18)) == {}
    assert previous_rows(shop.settings(), date(2024, 7, 19)) == {"products": 2, "order_lines": 200}


def test_another_shop_zone_or_currency_on_the_same_history_is_refused(shop: Shop, refused: Any, tmp_path: Path) -> None:
    shop.land()
    other = tmp_path / "other-shop"
    shop.export.rename(other)
    with refused(InvalidSetting, "whose history is landed in"):
        shop.land(source_path=other)
    other.rename(shop.export)
    with refused(InvalidSetting, "Got NIGHTMARKET_TIMEZONE=Asia/Tokyo but expected UTC"):
        shop.land(timezone="Asia/Tokyo")
    with refused(InvalidSetting, "Got NIGHTMARKET_CURRENCY=USD but expected EUR"):
        shop.land(currency="USD")
    with refused(InvalidSetting, "'Mars/Olympus' but expected an IANA name"):
        shop.land(timezone="Mars/Olympus")


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


def test_every_contract_table_can_come_from_a_file(shop: Shop) -> None:
    values = {
        "VARCHAR": "v",
        "DATE": "2024-01-02",
        "TIMESTAMP": "2024-01-02 03:04:05",
        "INTEGER": "1",
        "BOOLEAN": "true",
    }
    for table in SHOP_CONTRACT:
        if table.name not in ("order_lines", "products"):
            columns = table.given_columns
            row = ",".join(values.get(column.type, "1.5") for column in columns)
            shop.write(f"{table.name}.csv", ",".join(c.name for c in columns) + f"\n{row}\n")
    detail = shop.land()
    assert {name for name, table in detail["tables"].items() if table["provided"]} == set(CONTRACT_TABLES)
