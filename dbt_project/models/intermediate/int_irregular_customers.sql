with dates as (
    select * from {{ ref('int_as_of_dates') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

-- A line that arrived on its day and was never replaced looks the same from everywhere.
suspects as (
    select * from order_lines
    where (arrived_date > order_date or superseded_date < {{ end_of_time() }}) and not is_cancelled
),

products as (
    select * from {{ ref('int_product_versions') }}
),

-- A line looks different from two requested dates when at one of them it had not arrived yet, or was not
-- replaced yet. On one single date nothing does.
changed_lines as (
    select distinct suspects.customer_id
    from suspects
    inner join dates on suspects.order_date < dates.as_of_date
    where
        ({{ is_known_at('suspects', 'dates.as_of_date') }})
        != ({{ is_known_at('suspects', 'dates.night_date') }})
),

moved_products as (
    select distinct
        dates.as_of_date,
        products.product_id
    from products
    inner join dates
        on
            products.arrived_date < dates.night_date
            and ({{ is_known_at('products', 'dates.as_of_date') }})
            != ({{ is_known_at('products', 'dates.night_date') }})
),

lines_of_moved_products as (
    select distinct order_lines.customer_id
    from order_lines
    inner join moved_products
        on
            order_lines.product_id = moved_products.product_id
            and order_lines.order_date < moved_products.as_of_date
            and order_lines.arrived_date < moved_products.as_of_date
),

final as (
    select customer_id from changed_lines
    union
    select customer_id from lines_of_moved_products
)

select * from final
