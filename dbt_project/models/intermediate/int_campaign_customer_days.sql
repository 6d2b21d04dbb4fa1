with order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

-- Lines of one day that were known from one day to another count as one: a cut sees all of them or none.
final as (
    select
        order_lines.customer_id,
        order_lines.order_date,
        order_lines.arrived_date,
        order_lines.superseded_date,
        count(*) filter (where order_lines.is_purchase) as n_purchase_lines,
        count(*) filter (where order_lines.is_purchase and order_lines.coupon_amount > 0) as n_coupon_lines,
        count(*) filter (where order_lines.is_purchase and order_lines.discount_amount > 0) as n_discounted_lines,
        cast(sum(order_lines.sales_amount) as decimal(18, 4)) as sales_amount,
        cast(sum(order_lines.discount_amount) as decimal(18, 4)) as discount_amount,
        cast(sum(order_lines.coupon_amount) as decimal(18, 4)) as coupon_amount
    from order_lines
    semi join cuts on order_lines.customer_id = cuts.customer_id
    where not order_lines.is_cancelled
    group by
        order_lines.customer_id, order_lines.order_date, order_lines.arrived_date, order_lines.superseded_date
)

select * from final
