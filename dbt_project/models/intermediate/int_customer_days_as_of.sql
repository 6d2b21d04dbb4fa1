{{ config(materialized='view') }}

with daily as (
    select * from {{ ref('int_customers_daily') }}
),

timelines as (
    select * from {{ ref('int_customer_timelines') }}
),

-- A day's interval is that to the visit before it, whatever date looks back on it.
visits as (
    select
        timeline,
        customer_key,
        order_date,
        order_date - lag(order_date) over (partition by timeline, customer_key order by order_date) as interval_days
    from daily
    where n_orders > 0
),

final as (
    select
        timelines.as_of_date,
        timelines.customer_id,
        daily.*,
        daily.n_orders > 0 as is_visit,
        cast(timelines.as_of_date - daily.order_date as integer) as age_days,
        cast(visits.interval_days as integer) as interval_days
    from daily
    inner join timelines
        on
            daily.customer_key = timelines.customer_key
            and daily.timeline = timelines.timeline
            and daily.order_date < timelines.as_of_date
    left join visits
        on
            daily.timeline = visits.timeline
            and daily.customer_key = visits.customer_key
            and daily.order_date = visits.order_date
)

select * from final
