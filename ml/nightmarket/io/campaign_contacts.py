"""Who was contacted and who was not, campaign by campaign, with what was known of each customer before its start."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from nightmarket.io.landing import Snapshot
from nightmarket.io.warehouse import open_snapshot
from nightmarket.settings import Settings

ACTIVE_DAYS = 56
"""A customer without an order in so many days before a start is not up for contact, and no control either."""


def read_campaign_contacts(settings: Settings, snapshot: Snapshot, *, as_of: date) -> pa.Table:
    """Return a row per campaign that started before ``as_of`` and customer active at its start, sorted.

    Read straight from the landed files: no warehouse has to be built for it. Campaigns that start within
    ``ACTIVE_DAYS`` of the first order are left out, as nothing is known before them; so are those that contacted none
    of the active customers, or all of them, as there is nobody to compare.
    """
    with open_snapshot(settings, snapshot) as connection:
        found: pa.Table = connection.execute(_SQL, {"as_of": as_of, "active_days": ACTIVE_DAYS}).to_arrow_table()
    return found


_SQL = """
with lines as (
    select
        customer_id,
        product_id,
        order_id,
        order_date,
        arrived_date,
        is_cancelled,
        quantity,
        sales_amount,
        discount_amount,
        coupon_amount,
        lead(arrived_date) over (partition by order_line_id order by arrived_at, ordered_at) as superseded_date
    from raw.order_lines
    where order_date < $as_of and arrived_date < $as_of
),

known_campaigns as (
    select campaign_id, coalesce(campaign_type, '') as campaign_type, start_date
    from raw.campaigns
    where start_date < $as_of and arrived_date < $as_of
    qualify row_number() over (partition by campaign_id order by arrived_at desc) = 1
),

campaigns as (
    select * from known_campaigns
    where start_date >= (select min(order_date) from lines) + $active_days::integer
),

contacts as (
    select distinct campaign_id, customer_id from raw.campaign_contacts where arrived_date < $as_of
),

days as (
    select
        customer_id,
        product_id,
        order_date,
        arrived_date,
        superseded_date,
        sum(sales_amount) as sales,
        sum(discount_amount) as discount,
        sum(coupon_amount) as coupons
    from lines
    where not is_cancelled and quantity > 0
    group by all
),

-- Rolled up before a day meets every campaign after it.
customer_days as (
    select
        customer_id,
        order_date,
        arrived_date,
        superseded_date,
        sum(sales) as sales,
        sum(discount) as discount,
        sum(coupons) as coupons
    from days
    group by all
),

customer_orders as (
    select distinct customer_id, order_id, order_date, arrived_date, superseded_date
    from lines
    where not is_cancelled and quantity > 0
),

orders as (
    select
        campaigns.campaign_id,
        customer_id,
        count(distinct order_id) filter (start_date - order_date <= 28) as n_orders_28d,
        count(distinct order_id) filter (start_date - order_date <= 84) as n_orders_84d,
        count(distinct order_id) as n_orders
    from campaigns
    inner join customer_orders
        on
            order_date < start_date
            and arrived_date < start_date
            and (superseded_date is null or superseded_date >= start_date)
    group by all
),

sums as (
    select
        campaigns.campaign_id,
        customer_id,
        coalesce(sum(sales) filter (start_date - order_date <= 28), 0) as sales_28d,
        coalesce(sum(sales) filter (start_date - order_date <= 84), 0) as sales_84d,
        sum(sales) as sales,
        coalesce(sum(discount) filter (start_date - order_date <= 84), 0) as discount_84d,
        coalesce(sum(coupons) filter (start_date - order_date <= 84), 0) as coupons_84d,
        min(start_date - order_date) as days_since_order,
        max(start_date - order_date) as days_known
    from campaigns
    inner join customer_days
        on
            order_date < start_date
            and arrived_date < start_date
            and (superseded_date is null or superseded_date >= start_date)
    group by all
    having min(start_date - order_date) <= $active_days::integer
),

offers as (
    select distinct campaign_id, product_id from raw.campaign_products where arrived_date < $as_of
),

offered as (
    select
        campaigns.campaign_id,
        days.customer_id,
        count(distinct days.product_id) as n_offered_products,
        sum(sales) as offered_sales,
        count(distinct order_date) as n_offered_days,
        min(start_date - order_date) as days_since_offered
    from campaigns
    inner join offers using (campaign_id)
    inner join days
        on
            days.product_id = offers.product_id
            and order_date < start_date
            and arrived_date < start_date
            and (superseded_date is null or superseded_date >= start_date)
    group by all
),

earlier as (
    select
        campaigns.campaign_id,
        contacts.customer_id,
        count(*) as n_contacts,
        count(*) filter (past.campaign_type = campaigns.campaign_type) as n_contacts_same_type,
        min(campaigns.start_date - past.start_date) as days_since_contact
    from campaigns
    inner join known_campaigns as past on past.start_date < campaigns.start_date
    inner join contacts on contacts.campaign_id = past.campaign_id
    group by all
),

answers as (
    select campaigns.campaign_id, customer_id, count(*) as n_responses
    from campaigns
    inner join raw.campaign_responses as responses
        on responses.response_date < start_date and responses.arrived_date < start_date
    group by all
),

after_start as (
    select campaigns.campaign_id, customer_id, sum(sales) as sales_after_28d
    from campaigns
    inner join customer_days on order_date >= start_date and order_date < start_date + 28 and superseded_date is null
    group by all
)

select
    sums.campaign_id,
    sums.customer_id,
    contacts.customer_id is not null as is_contacted,
    coalesce(sales_after_28d, 0)::double as sales_after_28d,
    campaigns.campaign_type,
    coalesce(orders.n_orders_28d, 0) as n_orders_28d,
    coalesce(orders.n_orders_84d, 0) as n_orders_84d,
    coalesce(orders.n_orders, 0) as n_orders,
    sums.* exclude (campaign_id, customer_id),
    coalesce(n_offered_products, 0) as n_offered_products,
    coalesce(offered_sales, 0) as offered_sales,
    coalesce(offered_sales, 0)::double / nullif(sums.sales::double, 0) as offered_share,
    coalesce(n_offered_days, 0) as n_offered_days,
    days_since_offered,
    coalesce(n_contacts, 0) as n_contacts,
    coalesce(n_contacts_same_type, 0) as n_contacts_same_type,
    days_since_contact,
    coalesce(n_responses, 0) as n_responses
from sums
inner join campaigns using (campaign_id)
left join orders using (campaign_id, customer_id)
left join offered using (campaign_id, customer_id)
left join earlier using (campaign_id, customer_id)
left join answers using (campaign_id, customer_id)
left join after_start using (campaign_id, customer_id)
left join contacts using (campaign_id, customer_id)
qualify
    bool_or(is_contacted) over (partition by sums.campaign_id)
    and not bool_and(is_contacted) over (partition by sums.campaign_id)
order by sums.campaign_id, sums.customer_id
"""
