-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with daily as (
    select * from {{ ref('int_customer_products_daily') }}
),

timelines as (
    select * from {{ ref('int_customer_timelines') }}
    where as_of_date in (select unnest({{ pair_dates() }}))
),

customer_keys as (
    select * from {{ ref('int_customer_keys') }}
),

product_keys as (
    select * from {{ ref('int_product_keys') }}
),

category_keys as (
    select * from {{ ref('int_category_keys') }}
),

bought as (
    select
        timelines.as_of_date,
        daily.customer_key,
        daily.product_key,
        min(daily.category_key) as category_key,
        sum(daily.n_orders) as n_orders,
        sum(daily.n_orders * {{ decay_weight('(timelines.as_of_date - daily.order_date)') }}) as weight
    from daily
    inner join timelines
        on
            daily.customer_key = timelines.customer_key
            and daily.timeline = timelines.timeline
            and daily.order_date < timelines.as_of_date
    group by timelines.as_of_date, daily.customer_key, daily.product_key
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        bought.as_of_date,
        customer_keys.customer_id,
        category_keys.category_id,
        product_keys.product_id,
        cast(bought.n_orders as integer) as n_orders,
        cast(bought.weight as double) / 1048576 as decayed_orders
    from bought
    inner join customer_keys on bought.customer_key = customer_keys.customer_key
    inner join product_keys on bought.product_key = product_keys.product_key
    left join category_keys on bought.category_key = category_keys.category_key
)

select * from final
