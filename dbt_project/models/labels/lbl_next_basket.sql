-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with closed_windows as (
    select * from {{ ref('lbl_windows') }}
    where snapshot_id = '{{ var("snapshot_id") }}' and is_closed and horizon_days = 28
),

dates as (
    select * from {{ ref('int_label_dates') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

products as (
    select * from {{ ref('int_product_versions') }}
),

bought as (
    select
        closed_windows.as_of_date,
        order_lines.customer_id,
        order_lines.order_id,
        order_lines.product_id,
        order_lines.ordered_at
    from order_lines
    inner join closed_windows
        on
            order_lines.order_date between closed_windows.as_of_date and closed_windows.window_end_date
            and {{ is_known_at('order_lines', 'closed_windows.known_before_date') }}
    inner join dates on closed_windows.as_of_date = dates.as_of_date
    inner join products
        on
            order_lines.product_id = products.product_id
            and {{ is_known_at('products', 'closed_windows.known_before_date') }}
    where
        order_lines.is_purchase and not order_lines.is_cancelled
        and products.category_id is not null and not {{ is_pseudo_category('products.category_name') }}
),

orders as (
    select
        as_of_date,
        customer_id,
        order_id,
        min(ordered_at) as ordered_at
    from bought
    group by as_of_date, customer_id, order_id
),

-- Of two at the same instant, the one whose id comes first.
first_orders as (
    select * from orders
    qualify row_number() over (partition by as_of_date, customer_id order by ordered_at, order_id) = 1
),

final as (
    select distinct
        '{{ var("snapshot_id") }}' as snapshot_id,
        bought.as_of_date,
        bought.customer_id,
        bought.product_id
    from bought
    inner join first_orders
        on
            bought.as_of_date = first_orders.as_of_date
            and bought.customer_id = first_orders.customer_id
            and bought.order_id = first_orders.order_id
)

select * from final
