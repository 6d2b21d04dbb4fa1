-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with windows as (
    select * from {{ ref('lbl_purchase_intent__windows') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

products as (
    select * from {{ ref('int_product_versions') }}
),

-- What a training at the night may know of a window: what had arrived before the night, or, where the window
-- reaches past the night, by its own close.
closed_windows as (
    select
        windows.as_of_date,
        windows.window_end_date,
        greatest(dates.night_date, windows.window_end_date + 1) as cut_date
    from windows
    inner join dates on windows.as_of_date = dates.as_of_date
    where windows.snapshot_id = '{{ var("snapshot_id") }}' and windows.is_closed
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
            and {{ is_known_at('order_lines', 'closed_windows.cut_date') }}
    inner join products
        on
            order_lines.product_id = products.product_id
            and {{ is_known_at('products', 'closed_windows.cut_date') }}
    where order_lines.is_purchase and not order_lines.is_cancelled and products.category_id is not null
)

select * from final
