with daily as (
    select * from {{ ref('int_customers_daily') }}
),

timelines as (
    select * from {{ ref('int_customer_timelines') }}
),

final as (
    select
        timelines.as_of_date,
        daily.customer_key,
        timelines.customer_id,
        cast(sum(daily.n_orders) as integer) as n_orders,
        cast(count(*) filter (where daily.n_orders > 0) as integer) as n_order_days,
        min(daily.order_date) filter (where daily.n_orders > 0) as first_order_date,
        max(daily.order_date) filter (where daily.n_orders > 0) as last_order_date,
        {%- for days in [28, 84] %}
        {%- set recent = 'filter (where daily.order_date >= timelines.as_of_date - ' ~ days ~ ')' %}
        cast(coalesce(sum(daily.n_orders) {{ recent }}, 0) as integer) as n_orders_{{ days }}d,
        cast(coalesce(sum(daily.sales_amount) {{ recent }}, 0) as decimal(18, 4)) as sales_amount_{{ days }}d,
        {%- endfor %}
        {%- for measure in ['discount_amount', 'coupon_amount'] %}
        cast(
            coalesce(sum(daily.{{ measure }}) filter (where daily.order_date >= timelines.as_of_date - 84), 0)
            as decimal(18, 4)
        ) as {{ measure }}_84d,
        {%- endfor %}
        {%- for measure in ['n_purchase_lines', 'n_promoted_lines'] %}
        cast(
            coalesce(sum(daily.{{ measure }}) filter (where daily.order_date >= timelines.as_of_date - 84), 0)
            as integer
        ) as {{ measure }}_84d,
        {%- endfor %}
        cast(coalesce(
            sum(daily.sales_amount + daily.discount_amount + daily.coupon_amount)
            filter (where daily.order_date >= timelines.as_of_date - 84),
            0
        ) as decimal(18, 4)) as list_amount_84d
    from daily
    inner join timelines
        on
            daily.customer_key = timelines.customer_key
            and daily.timeline = timelines.timeline
            and daily.order_date < timelines.as_of_date
    group by timelines.as_of_date, daily.customer_key, timelines.customer_id
    having sum(daily.n_orders) > 0
)

select * from final
