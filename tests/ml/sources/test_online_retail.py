"""A real shop of another kind: a wholesaler's invoices with returns and cancelled orders (UCI Online Retail)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from bench.outside_data import folder_of, say_absent

from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.steps import land

DATA = folder_of("online_retail") / "online_retail.parquet"


@pytest.mark.skipif(not DATA.exists(), reason=say_absent("online_retail"))
def test_a_wholesalers_invoices_land_with_their_returns(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table lines as
            select
                *,
                -- A stock code can stand twice on an invoice; its place there makes the line's name.
                row_number() over (partition by "InvoiceNo" order by "StockCode", "Quantity", "UnitPrice") as place
            from read_parquet('{DATA}')
            where "CustomerID" is not null and "CustomerID"::integer % 10 = 3
            """
        )
        connection.execute(
            f"""
            copy (
                select
                    "InvoiceNo" || '-' || place as "Order_Line_ID", "InvoiceNo" as order_id,
                    "CustomerID" as customer_id, "StockCode" as product_id, "InvoiceDate" as ordered_at,
                    "Quantity" as quantity,
                    "Quantity" * "UnitPrice" as sales_amount,
                    "InvoiceNo" like 'C%' as is_cancelled, "Country" as country
                from lines
            ) to '{export}/order_lines.parquet'
            """
        )
        connection.execute(
            f"""
            copy (select "StockCode" as product_id, any_value("Description") as product_name from lines group by 1)
            to '{export}/products.csv' (header)
            """
        )
        row = connection.execute(
            """select count(*), count(*) filter ("Quantity" < 0), count(*) filter ("InvoiceNo" like 'C%') from lines"""
        ).fetchone()
    assert row is not None
    n_lines, n_returns, n_cancelled = row
    settings = Settings(
        _env_file=None,
        source="files",
        source_path=export,
        var_dir=tmp_path / "var",
        timezone="Europe/London",
        currency="GBP",
    )
    detail = land.run(settings).detail
    assert detail["tables"]["order_lines"]["rows_accepted"] == n_lines > 20_000
    assert detail["ignored_columns"] == {"order_lines.parquet": ["country"]}
    assert detail["complete_through"] == "2011-12-08"
    with open_warehouse(settings) as warehouse:
        found = warehouse.execute(
            "select count(*) filter (quantity < 0), count(*) filter (is_cancelled), "
            "count(*) filter (contains(customer_id, '.')) from raw.order_lines"
        ).fetchone()
    assert found == (n_returns, n_cancelled, 0)
    assert n_returns > 0
