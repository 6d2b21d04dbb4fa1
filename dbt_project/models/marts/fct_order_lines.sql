with order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

final as (
    select
        order_lines.order_line_id,
        order_lines.order_id,
        order_lines.customer_id,
        order_lines.product_id,
        products.category_id,
        order_lines.location_id,
        order_lines.quantity,
        order_lines.sales_amount,
        order_lines.discount_amount,
        order_lines.coupon_amount,
        order_lines.is_purchase,
        order_lines.is_return,
        order_lines.has_nonpositive_quantity,
        products.product_id is not null as has_known_product,
        order_lines.ordered_at,
        order_lines.order_date,
        order_lines.arrived_at,
        order_lines.arrived_date
    from order_lines
    left join products on order_lines.product_id = products.product_id
    where order_lines.superseded_date = {{ end_of_time() }} and not order_lines.is_cancelled
)

select * from final
