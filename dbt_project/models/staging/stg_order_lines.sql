with source as (
    select * from {{ source('raw', 'order_lines') }}
),

final as (
    select
        order_line_id,
        order_id,
        customer_id,
        product_id,
        location_id,
        quantity,
        sales_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(coupon_amount, 0) as coupon_amount,
        coalesce(is_cancelled, false) as is_cancelled,
        quantity < 0 or sales_amount < 0 as is_return,
        quantity <= 0 as has_nonpositive_quantity,
        quantity > 0 and sales_amount >= 0 as is_purchase,
        arrived_date > order_date + cast({{ var('late_lookback_days') }} as integer) as is_too_late,
        ordered_at,
        order_date,
        arrived_at,
        arrived_date
    from source
)

select * from final
