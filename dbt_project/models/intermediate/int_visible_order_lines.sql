with order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

-- One row per timeline of a customer, whatever number of dates reads it.
timelines as (
    select distinct
        customer_id,
        customer_key,
        timeline,
        cut_date
    from {{ ref('int_customer_timelines') }}
),

cuts as (
    select distinct cut_date from timelines
),

products as (
    select
        cuts.cut_date,
        versions.product_id,
        versions.category_id
    from {{ ref('int_product_versions') }} as versions
    inner join cuts on {{ is_known_at('versions', 'cuts.cut_date') }}
),

product_keys as (
    select * from {{ ref('int_product_keys') }}
),

category_keys as (
    select * from {{ ref('int_category_keys') }}
),

promoted_days as (
    select * from {{ ref('int_promoted_product_days') }}
),

final as (
    select
        timelines.timeline,
        timelines.customer_key,
        product_keys.product_key,
        category_keys.category_key,
        order_lines.order_id,
        order_lines.order_date,
        order_lines.quantity,
        order_lines.sales_amount,
        order_lines.discount_amount,
        order_lines.coupon_amount,
        order_lines.is_purchase,
        order_lines.is_purchase
        and coalesce(
            promoted_days.known_from_date <= greatest(order_lines.arrived_date, order_lines.order_date), false
        ) as is_promoted
    from order_lines
    inner join timelines
        on
            order_lines.customer_id = timelines.customer_id
            and order_lines.order_date < timelines.cut_date
            and {{ is_known_at('order_lines', 'timelines.cut_date') }}
    inner join product_keys on order_lines.product_id = product_keys.product_id
    left join products
        on
            order_lines.product_id = products.product_id
            and timelines.cut_date = products.cut_date
    left join category_keys on products.category_id = category_keys.category_id
    left join promoted_days
        on
            order_lines.product_id = promoted_days.product_id
            and order_lines.order_date = promoted_days.order_date
    where not order_lines.is_cancelled
)

select * from final
