with order_lines as (
    select * from {{ ref('int_visible_order_lines') }}
),

final as (
    select
        timeline,
        customer_key,
        product_key,
        category_key,
        order_date,
        cast(count(distinct order_id) as integer) as n_orders
    from order_lines
    where is_purchase
    group by all
)

select * from final
