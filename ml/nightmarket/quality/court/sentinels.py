"""An invented future: rows that no honest feature can see, loud enough that a leaking one must move.

Each statement reads ``known.<table>`` (the shop before the cut) and returns rows of the contract's
table. Three kinds: *late* facts that happened before the cut and arrive on its day, versions that
*correct* what was known and arrive on its day, and facts of the *next* day, some of which arrive
before they happen.
"""

from __future__ import annotations

from datetime import date

from nightmarket.contracts import SHOP_CONTRACT, Table
from nightmarket.sqltext import identifier, literal

MARK = "sentinel"
"""Every invented id starts with it."""

PLANS = ("campaigns", "campaign_contacts", "promotions")
"""Tables that say what was planned: knowing on Friday of a campaign that starts on Monday is no leak, so these are cut
by arrival alone. All other facts are cut by when they happened as well."""

CAMPAIGN_PLANS = ("campaigns", "campaign_contacts", "campaign_products", "campaign_plans")
"""What a row with a cut of its own knows as of its night: that there is a campaign, what it offers, and to whom."""

_PICKS = 400
"""Rows of each table that are copied: enough to touch most customers of a small shop, and nothing on a large one."""


def sentinel_statements(cut: date) -> dict[str, str]:
    """Return, per contract table, the SELECT of its sentinels for a world that ends on the eve of ``cut``."""
    statements = {table.name: _plain(table) for table in SHOP_CONTRACT}
    statements |= _TOLD
    values = {
        "cut": literal(cut),
        "arrives": f"{literal(cut)} + interval 12 hours as arrived_at, {literal(cut)} as arrived_date",
        "arrived": f"{literal(cut)} - interval 12 hours as arrived_at, {literal(cut)} - 1 as arrived_date",
        "mark": MARK,
        "picks": str(_PICKS),
    }
    for name, value in values.items():
        statements = {table: sql.replace("{" + name + "}", value) for table, sql in statements.items()}
    return statements


def _plain(table: Table) -> str:
    """Copy rows to new keys that happen, and arrive, on the day of the cut."""
    first = table.key[0]
    changes = [f"'{{mark}}-' || {identifier(first)} as {identifier(first)}", "{arrives}"]
    if table.event_column:
        changes.append(f"{{cut}} as {identifier(table.event_column)}")
    changed = f"select * replace ({', '.join(changes)}) from known.{table.name}"
    return f"{changed} order by hash({identifier(first)}) limit {{picks}}"


_ORDER_LINES = """
with picked as materialized (
    select *, row_number() over () as nth
    from (select * from known.order_lines order by hash(order_line_id), arrived_at limit {picks})
),
late as materialized (
    select * replace (
        '{mark}-late-' || order_line_id as order_line_id, '{mark}-late-' || order_id as order_id,
        {cut} - cast(1 + nth % 140 as integer) as order_date, 9 + quantity as quantity,
        50 + sales_amount as sales_amount, false as is_cancelled, {arrives}
    ) from picked
),
next_day as materialized (
    select * replace (
        '{mark}-next-' || order_line_id as order_line_id, '{mark}-next-' || order_id as order_id,
        {cut} as order_date, {cut} + interval 12 hours as ordered_at, {arrives}
    ) from late
)
select * exclude (nth) from late
union all by name
select * exclude (nth) replace (
    '{mark}-new-' || order_line_id as order_line_id, '{mark}-' || customer_id as customer_id
) from late
union all by name
select * exclude (nth) from next_day
union all by name
select * exclude (nth) replace ('{mark}-early-' || order_line_id as order_line_id, {arrived}) from next_day
union all by name
select * exclude (nth) replace (
    7 + 3 * quantity as quantity, 10 + 3 * sales_amount as sales_amount, nth % 2 = 0 as is_cancelled, {arrives}
) from picked
"""

_PRODUCTS = """
select * replace (
    '{mark} ' || coalesce(product_name, '') as product_name,
    case when hash(product_id) % 2 = 0 then category_id else '{mark}-' || category_id end as category_id,
    case when hash(product_id) % 2 = 0 then '{mark} MISC' else category_name end as category_name,
    '{mark}' as description, {arrives}
) from known.products
where (product_id, arrived_at) in (
    select (product_id, max(arrived_at)) from known.products group by product_id order by hash(product_id) limit {picks}
)
"""

_CUSTOMERS = """
select
    customer_id, '19-24' as age_band, '250K+' as income_band, 'Renter' as home_ownership, '{mark}' as marital_status,
    '5+' as household_size, '{mark}' as household_composition, '3+' as n_children, {arrives}
from known.order_lines group by customer_id order by hash(customer_id) limit {picks}
"""

_CAMPAIGNS = """
select
    '{mark}' as campaign_id, '{mark}' as campaign_name, '{mark}' as campaign_type,
    {cut} - 20 as start_date, {cut} + 20 as end_date, {arrives}
union all by name
select * replace (least(start_date, {cut} - 20) as start_date, {cut} + 20 as end_date, {arrives}) from known.campaigns
"""

_CAMPAIGN_PRODUCTS = """
select campaigns.campaign_id, '{mark}' as coupon_id, products.product_id, {arrives}
from (select distinct campaign_id from known.campaigns union all select '{mark}') as campaigns
cross join (select product_id from known.order_lines group by 1 order by hash(product_id) limit {picks}) as products
"""

_CAMPAIGN_CONTACTS = """
select campaigns.campaign_id, customers.customer_id, {cut} - 3 as contact_date, {arrives}
from (select distinct campaign_id from known.campaigns union all select '{mark}') as campaigns
cross join (select customer_id from known.order_lines group by 1 order by hash(customer_id) limit {picks}) as customers
"""

_CAMPAIGN_RESPONSES = """
with picked as materialized (
    select customer_id from known.order_lines group by 1 order by hash(customer_id) limit {picks}
)
select '{mark}' as campaign_id, customer_id, '{mark}-late' as coupon_id, {cut} - 2 as response_date, {arrives}
from picked
union all by name
select '{mark}' as campaign_id, customer_id, '{mark}-next' as coupon_id, {cut} as response_date, {arrives} from picked
union all by name
select '{mark}' as campaign_id, customer_id, '{mark}-early' as coupon_id, {cut} as response_date, {arrived} from picked
union all by name
select distinct
    campaigns.campaign_id, picked.customer_id, '{mark}' as coupon_id,
    least(campaigns.end_date, {cut} - 1) as response_date, {arrives}
from known.campaigns as campaigns
cross join picked
where campaigns.start_date < {cut}
"""

_PROMOTIONS = """
with picked as materialized (
    select product_id from known.order_lines group by 1 order by hash(product_id) limit {picks}
)
select
    product_id, '{mark}' as location_id, {cut} - 90 as start_date, {cut} + 27 as end_date,
    '{mark}' as display_location, '{mark}' as mailer_location, {arrives}
from picked
union all by name
select
    product_id, '{mark}-next' as location_id, {cut} as start_date, {cut} + 6 as end_date,
    '{mark}' as display_location, '{mark}' as mailer_location, {arrives}
from picked
"""

_TOLD = {
    "order_lines": _ORDER_LINES,
    "products": _PRODUCTS,
    "customers": _CUSTOMERS,
    "campaigns": _CAMPAIGNS,
    "campaign_products": _CAMPAIGN_PRODUCTS,
    "campaign_contacts": _CAMPAIGN_CONTACTS,
    "campaign_responses": _CAMPAIGN_RESPONSES,
    "promotions": _PROMOTIONS,
}
