with order_lines as (
    select * from {{ ref('int_visible_order_lines') }}
),

final as (
    select
        timeline,
        customer_key,
        order_date,
        cast(count(distinct order_id) filter (where is_purchase) as integer) as n_orders,
        cast(count(*) filter (where is_purchase) as integer) as n_purchase_lines,
        cast(count(*) filter (where is_promoted) as integer) as n_promoted_lines,
        cast(sum(quantity) as decimal(18, 4)) as quantity,
        cast(sum(sales_amount) as decimal(18, 4)) as sales_amount,
        cast(sum(discount_amount) as decimal(18, 4)) as discount_amount,
        cast(sum(coupon_amount) as decimal(18, 4)) as coupon_amount
    from order_lines
    group by all
)

select * from final
