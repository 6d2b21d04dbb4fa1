with promotions as (
    select * from {{ ref('int_promotion_periods') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

span as (
    select
        min(first_date) - 84 as first_day,
        max(night_date) as night_date
    from {{ ref('int_as_of_dates') }}
),

periods as (
    select
        promotions.product_id,
        promotions.start_date,
        promotions.end_date,
        min(promotions.arrived_date) as arrived_date
    from promotions
    cross join span
    where
        promotions.start_date < span.night_date
        and promotions.end_date >= span.first_day
        and promotions.arrived_date < span.night_date
    group by all
),

-- One row per week that a period touches turns the search for a day into a hash join.
weeks as (
    select
        periods.*,
        unnest(range(
            datediff('day', date '1970-01-05', greatest(periods.start_date, span.first_day)) // 7,
            datediff('day', date '1970-01-05', least(periods.end_date, span.night_date)) // 7 + 1
        )) as week_number
    from periods
    cross join span
),

product_days as (
    select distinct
        order_lines.product_id,
        order_lines.order_date,
        datediff('day', date '1970-01-05', order_lines.order_date) // 7 as week_number
    from order_lines
    cross join span
    where order_lines.order_date >= span.first_day and order_lines.order_date < span.night_date
),

final as (
    select
        product_days.product_id,
        product_days.order_date,
        min(weeks.arrived_date) as known_from_date
    from product_days
    inner join weeks
        on
            product_days.product_id = weeks.product_id
            and product_days.week_number = weeks.week_number
            and product_days.order_date between weeks.start_date and weeks.end_date
    group by product_days.product_id, product_days.order_date
)

select * from final
