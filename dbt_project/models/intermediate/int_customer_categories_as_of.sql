with daily as (
    select * from {{ ref('int_customer_categories_daily') }}
),

timelines as (
    select * from {{ ref('int_customer_timelines') }}
    where as_of_date in (select unnest({{ pair_dates() }}))
),

final as (
    select
        timelines.as_of_date,
        daily.customer_key,
        daily.category_key,
        cast(sum(daily.n_orders) as integer) as n_orders,
        cast(count(*) filter (where daily.n_orders > 0) as integer) as n_order_days,
        min(daily.order_date) filter (where daily.n_orders > 0) as first_order_date,
        max(daily.order_date) filter (where daily.n_orders > 0) as last_order_date,
        cast(sum(daily.n_orders * {{ decay_weight('(timelines.as_of_date - daily.order_date)') }}) as bigint)
            as decayed_orders_weight,
        {%- for days in [28, 84] %}
        {%- set recent = 'filter (where daily.order_date >= timelines.as_of_date - ' ~ days ~ ')' %}
        cast(coalesce(sum(daily.n_orders) {{ recent }}, 0) as integer) as n_orders_{{ days }}d,
        cast(coalesce(sum(daily.n_purchase_lines) {{ recent }}, 0) as integer) as n_purchase_lines_{{ days }}d,
        cast(coalesce(sum(daily.n_promoted_lines) {{ recent }}, 0) as integer) as n_promoted_lines_{{ days }}d,
        {%- endfor %}
        {%- for measure in ['quantity', 'sales_amount', 'discount_amount', 'coupon_amount'] %}
        cast(
            coalesce(sum(daily.{{ measure }}) filter (where daily.order_date >= timelines.as_of_date - 84), 0)
            as decimal(18, 4)
        ) as {{ measure }}_84d,
        {%- endfor %}
        cast(coalesce(sum(daily.n_orders) filter (
            where
            daily.order_date >= timelines.as_of_date - 56 and daily.order_date < timelines.as_of_date - 28
        ), 0) as integer) as n_orders_prev_28d
    from daily
    inner join timelines
        on
            daily.customer_key = timelines.customer_key
            and daily.timeline = timelines.timeline
            and daily.order_date < timelines.as_of_date
    group by timelines.as_of_date, daily.customer_key, daily.category_key
    having sum(daily.n_orders) > 0
)

select * from final
