-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

stock as (
    select * from {{ ref('ftr_stock') }}
    where snapshot_id = '{{ var("snapshot_id") }}'
),

-- Only products whose stock lies at named places are divided among places.
by_place as (
    select distinct stock.product_id
    from stock
    inner join nights on stock.as_of_date = nights.night_date
    where stock.location_id <> ''
),

known as (
    select
        nights.night_date,
        order_lines.*
    from order_lines
    semi join by_place on order_lines.product_id = by_place.product_id
    inner join nights
        on
            order_lines.order_date < nights.night_date
            and order_lines.order_date >= nights.night_date - 182
            and order_lines.arrived_date < nights.night_date
    where not order_lines.is_too_late
    qualify row_number() over (
        partition by order_lines.order_line_id
        order by
            order_lines.arrived_at desc, order_lines.order_date desc, order_lines.is_cancelled desc,
            order_lines.quantity desc, order_lines.sales_amount desc, order_lines.location_id desc
    ) = 1
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        night_date as as_of_date,
        product_id,
        coalesce(location_id, '') as location_id,
        cast(sum(quantity) as decimal(38, 4)) as units
    from known
    where is_purchase and not is_cancelled
    group by all
)

select * from final
