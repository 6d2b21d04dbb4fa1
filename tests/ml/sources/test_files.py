"""A user's own shop lands whole: the tables, the files that are read, and those that are not."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from nightmarket.contracts import CONTRACT_TABLES, SHOP_CONTRACT
from nightmarket.io.atomic import sha256_of_file

from .conftest import ORDER_HEADER, Shop, line, order_lines


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
    (shop.export / "order_lines.csv").rename(shop.export / "order_lines.CSV")
    duckdb.sql("select 'r1' as review_id, 'p1' as product_id, timestamp '2024-01-02' as reviewed_at").write_parquet(
        str(shop.export / "reviews.Parquet")
    )
    detail = shop.land()
    assert detail["tables"]["order_lines"]["rows_accepted"] == 200
    assert detail["tables"]["reviews"]["rows_accepted"] == 1
    assert detail["ignored_files"] == []


def test_headers_in_any_case_a_byte_order_mark_and_semicolons_are_read(shop: Shop) -> None:
    text = order_lines().replace(ORDER_HEADER, ORDER_HEADER.upper()).replace(",", ";").replace("\n", "\r\n")
    shop.write("order_lines.csv", b"\xef\xbb\xbf" + text.encode())
    shop.append("products.csv", '"p3","Tea, ""first flush""\nloose",tea\n')
    detail = shop.land()
    assert detail["tables"]["order_lines"]["rows_accepted"] == 200
    assert shop.rows("select product_name from raw.products where product_id = 'p3'") == [
        ('Tea, "first flush"\nloose',)
    ]


def test_a_header_cannot_become_sql(shop: Shop) -> None:
    evil = "x\" from read_csv('/etc/hostname'); --"
    shop.write("products.csv", f'product_id,"{evil.replace(chr(34), chr(34) * 2)}"\np1,a\np2,b\n')
    assert shop.land()["ignored_columns"] == {"products.csv": [evil]}


def test_parquet_with_float_ids_gives_the_ids_of_whole_numbers(shop: Shop) -> None:
    (shop.export / "products.csv").unlink()
    duckdb.sql("select * from (values (1.0::double, 'Tea'), (2.0, 'Rye')) t(Product_ID, product_name)").write_parquet(
        str(shop.export / "products.parquet")
    )
    shop.land()
    assert shop.rows("select product_id from raw.products order by 1") == [("1",), ("2",)]
