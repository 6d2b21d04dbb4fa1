"""The tables that panels are read from, for a shop of a few products that sell every day."""

from __future__ import annotations

from datetime import date

import duckdb

SNAPSHOT = "0123456789abcdef"


def create_sales_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, empty."""
    connection.execute("""
        create schema if not exists features;
        create table features.ftr_known_order_lines (
            snapshot_id varchar, as_of_date date, product_id varchar, quantity decimal(18, 4),
            sales_amount decimal(18, 4), order_date date, arrived_date date, superseded_date date);
        create table features.ftr_known_products (
            snapshot_id varchar, as_of_date date, product_id varchar, category_id varchar, is_ware boolean,
            arrived_date date, superseded_date date);
        create table features.ftr_product_promotions (
            snapshot_id varchar, as_of_date date, product_id varchar, n_displays integer, n_mailers integer,
            start_date date, end_date date, arrived_date date);
        create table features.ftr_out_of_stock_days (
            snapshot_id varchar, as_of_date date, product_id varchar, stock_date date, arrived_date date,
            superseded_date date);
        create table features.ftr_known_holidays (
            snapshot_id varchar, as_of_date date, holiday_name varchar, holiday_kind varchar, holiday_date date,
            arrived_date date, superseded_date date);
        create schema if not exists embeddings;
        create table embeddings.product_text_versions (
            snapshot_id varchar, product_id varchar, arrived_date date, text_hash varchar);
        create table embeddings.text_vectors (encoder_key varchar, text_hash varchar, vector float[2]);
    """)


def invent_sales(connection: duckdb.DuckDBPyConnection, night: date, *, n_products: int, n_days: int) -> None:
    """Fill the tables: product p of category p % 3 sells 1 + p % 4 units a day at 2.50, twice that on every 6th day."""
    create_sales_tables(connection)
    connection.execute(
        f"""
        insert into features.ftr_known_products by name
        select '{SNAPSHOT}' as snapshot_id, date '{night}' as as_of_date, 'p' || lpad(p::varchar, 3, '0') as product_id,
            'k' || p % 3 as category_id, true as is_ware, date '1970-01-01' as arrived_date,
            date '9999-12-31' as superseded_date
        from range({n_products}) as t(p);
        insert into features.ftr_known_order_lines by name
        select '{SNAPSHOT}' as snapshot_id, date '{night}' as as_of_date, 'p' || lpad(p::varchar, 3, '0') as product_id,
            (1 + p % 4) * (1 + (hash(p, d) % 6 = 0)::integer) as quantity, 2.5 * quantity as sales_amount,
            date '{night}' - 1 - d::integer as order_date, order_date as arrived_date,
            date '9999-12-31' as superseded_date
        from range({n_products}) as products(p), range({n_days}) as days(d);
        insert into embeddings.product_text_versions
        select '{SNAPSHOT}', 'p' || lpad(p::varchar, 3, '0'), date '1970-01-01', 'k' || p % 3
        from range({n_products}) as t(p);
        insert into embeddings.text_vectors
        select 'e', 'k' || k, [cos(k), sin(k)]::float[2] from range(3) as t(k);
        """
    )
