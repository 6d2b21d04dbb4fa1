-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        nights.night_date as as_of_date,
        order_lines.order_line_id,
        order_lines.order_id,
        order_lines.customer_id,
        order_lines.product_id,
        cast(order_lines.quantity as decimal(18, 4)) as quantity,
        cast(order_lines.sales_amount as decimal(18, 4)) as sales_amount,
        order_lines.order_date,
        order_lines.arrived_date,
        -- The night does not know what replaces a line later.
        case
            when order_lines.superseded_date < nights.night_date then order_lines.superseded_date
            else {{ end_of_time() }}
        end as superseded_date
    from order_lines
    inner join nights
        on
            order_lines.order_date < nights.night_date
            and order_lines.arrived_date < nights.night_date
    where not order_lines.is_cancelled
)

select * from final
