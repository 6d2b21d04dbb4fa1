-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

periods as (
    select * from {{ ref('int_promotion_periods') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

-- What nobody has bought has no demand to explain.
bought as (
    select distinct order_lines.product_id
    from order_lines
    inner join nights
        on
            order_lines.order_date < nights.night_date
            and order_lines.arrived_date < nights.night_date
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        nights.night_date as as_of_date,
        periods.product_id,
        cast(periods.n_displays as integer) as n_displays,
        cast(periods.n_mailers as integer) as n_mailers,
        periods.start_date,
        periods.end_date,
        periods.arrived_date
    from periods
    semi join bought on periods.product_id = bought.product_id
    cross join nights
)

select * from final
