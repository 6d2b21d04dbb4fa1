with order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

-- Of products that a campaign offers, by day and by when it was known, as in int_campaign_customer_days.
final as (
    select
        order_lines.customer_id,
        order_lines.product_id,
        order_lines.order_date,
        order_lines.arrived_date,
        order_lines.superseded_date,
        count(*) as n_lines,
        count(*) filter (where order_lines.coupon_amount > 0) as n_coupon_lines,
        count(*) filter (where order_lines.discount_amount > 0) as n_discounted_lines,
        cast(sum(order_lines.sales_amount) as decimal(18, 4)) as sales_amount
    from order_lines
    semi join coupons on order_lines.product_id = coupons.product_id
    semi join cuts on order_lines.customer_id = cuts.customer_id
    where order_lines.is_purchase and not order_lines.is_cancelled
    group by
        order_lines.customer_id, order_lines.product_id, order_lines.order_date, order_lines.arrived_date,
        order_lines.superseded_date
)

select * from final
