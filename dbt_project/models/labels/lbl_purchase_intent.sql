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

final as (
    select distinct
        '{{ var("snapshot_id") }}' as snapshot_id,
        closed_windows.as_of_date,
        order_lines.customer_id,
        products.category_id
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
    where order_lines.is_purchase and not order_lines.is_cancelled and products.category_id is not null
)

select * from final
