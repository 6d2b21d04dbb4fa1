"""Every contract table of a tiny valid shop, as it is landed."""

from __future__ import annotations

import duckdb

from nightmarket.contracts import SHOP_CONTRACT

_ARRIVAL = "timestamp '1970-01-01' as arrived_at, date '1970-01-01' as arrived_date"
_ROWS = {
    "customers": f"""select 'c' || i as customer_id, '25-34' as age_band,
        '35-49K' as income_band, 'Owner' as home_ownership,
        'Married' as marital_status, '2' as household_size, '2 adults' as household_composition, '0' as n_children,
        {_ARRIVAL} from range(20) as t(i)""",
    "products": f"""select 'p' || i as product_id, 'Product ' || i as product_name, 'k' || (i % 4) as category_id,
        'Category ' || (i % 4) as category_name, 'Food' as department, 'Own' as brand, '1 kg' as description,
        {_ARRIVAL} from range(40) as t(i)""",
    # 17:00 UTC is 13:00 or 12:00 in New York: the same date there.
    "order_lines": """select 'l' || i as order_line_id, 'o' || (i // 2) as order_id, 'c' || (i % 20) as customer_id,
        'p' || (i % 40) as product_id, 's1' as location_id, ordered_at, cast(ordered_at as date) as order_date,
        1 as quantity, 2.5 as sales_amount, 0 as discount_amount, 0 as coupon_amount, null as currency,
        false as is_cancelled, ordered_at as arrived_at, cast(ordered_at as date) as arrived_date
        from (select i, timestamp '2024-01-01 17:00:00' + to_days(cast(i // 4 as integer)) as ordered_at
              from range(608) as t(i))""",
    "events": """select 'e' || i as event_id, 'c' || (i % 20) as customer_id,
        's' || i as session_id, 'view' as event_type,
        'p' || (i % 40) as product_id, seen_at as occurred_at,
        cast(seen_at as date) as event_date, seen_at as arrived_at,
        cast(seen_at as date) as arrived_date
        from (select i, timestamp '2024-05-22 17:00:00' + to_days(cast(i // 10 as integer)) as seen_at
              from range(100) as t(i))""",
    "reviews": """select 'r' || i as review_id, 'c' || i as customer_id, 'p' || i as product_id, 4 as rating,
        'Good' as review_text, seen_at as reviewed_at, cast(seen_at as date) as review_date, seen_at as arrived_at,
        cast(seen_at as date) as arrived_date
        from (select i, timestamp '2024-05-01 17:00:00' + to_days(cast(i as integer)) as seen_at
              from range(20) as t(i))""",
    "campaigns": f"""select 'a' || i as campaign_id, 'Spring' as campaign_name, 'A' as campaign_type,
        date '2024-05-01' as start_date, date '2024-05-20' as end_date, {_ARRIVAL} from range(3) as t(i)""",
    "campaign_products": f"""select 'a' || (i % 3) as campaign_id, 'x' || i as coupon_id, 'p' || i as product_id,
        {_ARRIVAL} from range(12) as t(i)""",
    "campaign_contacts": f"""select 'a' || (i % 3) as campaign_id, 'c' || i as customer_id,
        date '2024-05-01' as contact_date, {_ARRIVAL} from range(12) as t(i)""",
    "campaign_responses": f"""select 'a' || (i % 3) as campaign_id, 'c' || i as customer_id, 'x' || i as coupon_id,
        date '2024-05-10' as response_date, {_ARRIVAL} from range(6) as t(i)""",
    "campaign_plans": f"""select 'a' || i as campaign_id, 100 as budget_amount, 0.5 as cost_per_contact_amount,
        10 as value_per_response_amount, 30 as margin_pct, 10 as holdout_pct, {_ARRIVAL} from range(3) as t(i)""",
    "promotions": f"""select 'p' || i as product_id, 's1' as location_id, date '2024-05-06' as start_date,
        date '2024-05-12' as end_date, 'A' as display_location, '' as mailer_location,
        {_ARRIVAL} from range(30) as t(i)""",
    "holidays": f"""select date '2024-01-07' + cast(7 * i as integer) as holiday_date, 'Fair ' || i as holiday_name,
        'fair' as holiday_kind, {_ARRIVAL} from range(30) as t(i)""",
    "inventory": f"""select 'p' || i as product_id, 's1' as location_id, date '2024-05-31' as stock_date,
        10 as on_hand_quantity, 0 as on_order_quantity, 7 as lead_time_days, 1 as pack_size, 1 as min_order_quantity,
        1.5 as unit_cost_amount, 1 as unit_margin_amount, 0.4 as holding_cost_amount,
        {_ARRIVAL} from range(40) as t(i)""",
    "fx_rates": f"""select 'EUR' as currency, date '2024-01-01' + cast(i as integer) as rate_date, 1.1 as rate,
        {_ARRIVAL} from range(30) as t(i)""",
}


def build_shop(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every contract table in ``raw``."""
    connection.execute("create schema raw")
    for table in SHOP_CONTRACT:
        columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in table.columns)
        connection.execute(f"create table raw.{table.name} as select {columns} from ({_ROWS[table.name]})")
