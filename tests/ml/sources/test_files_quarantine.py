"""A user's own shop: which rows are quarantined, with which reason, and that none is lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightmarket.steps.landing import settling

from .conftest import ORDER_HEADER, Shop, line, order_lines, reasons


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


def test_duplicates_are_found_in_as_many_passes_as_a_large_table_takes(shop: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr(settling, "_KEYS_AT_ONCE", 10)
    shop.append("order_lines.csv", line(id="l5") + line(id="l5") + line() + line())
    assert reasons(shop.land()) == {"duplicate_key": 3}


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


def test_one_bad_row_of_a_small_increment_does_not_refuse_the_night(shop: Shop) -> None:
    shop.land(date(2024, 7, 10))
    shop.write(
        "order_lines_2024-07-19.csv",
        ORDER_HEADER
        + "".join(line(id=f"n{n}") for n in range(11))
        + "".join(line(id=f"b{n}", n="x") for n in range(9)),
    )
    assert reasons(shop.land(date(2024, 7, 11))) == {"bad_type:quantity": 9}


def test_the_greatest_numbers_are_accepted(shop: Shop) -> None:
    shop.append("order_lines.csv", line(n="1000000000", paid="-1000000000"))
    assert reasons(shop.land()) == {}


def test_returns_zero_quantities_and_unknown_products_are_accepted(shop: Shop) -> None:
    shop.append("order_lines.csv", line(id="a", n="-2", paid="-5") + line(id="b", n="0") + line(id="c", product="p99"))
    assert shop.land()["tables"]["order_lines"]["rows_accepted"] == 203


def test_negative_stock_lands_and_a_broken_lead_time_is_named(shop: Shop) -> None:
    rows = "".join(f"p1,2024-01-{day:02d},{day},2\n" for day in range(1, 32))
    shop.write(
        "inventory.csv",
        "product_id,stock_date,on_hand_quantity,lead_time_days\n" + rows + "p1,2024-02-01,-1,2\np1,2024-02-02,1,2.5\n",
    )
    detail = shop.land(quarantine_limit_pct=10)
    assert reasons(detail, "inventory") == {"bad_type:lead_time_days": 1}
    newest = "select on_hand_quantity::integer from raw.inventory order by stock_date desc limit 1"
    assert shop.rows(newest) == [(-1,)]


def test_a_budget_below_zero_is_named(shop: Shop) -> None:
    shop.write("campaign_plans.csv", "campaign_id,budget_amount\nspring,-3\nharvest,3\n")
    assert reasons(shop.land(quarantine_limit_pct=100), "campaign_plans") == {"negative:budget_amount": 1}


def test_a_parquet_column_called_rowid_does_not_hide_the_rows_order(shop: Shop) -> None:
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
