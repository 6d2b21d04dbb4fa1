{{ config(materialized='view') }}

with order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

repeated as (
    select * from {{ ref('int_repeated_order_lines') }}
),

single_versions as (
    select
        order_lines.*,
        {{ end_of_time() }} as superseded_date
    from order_lines
    anti join repeated on order_lines.order_line_id = repeated.order_line_id
    where not order_lines.is_too_late
),

repeated_versions as (
    select
        order_lines.*,
        -- A version that moves an order to a later day replaces nothing before that day: at a date, a version counts
        -- when it had arrived and what it says had happened.
        coalesce(min(greatest(order_lines.arrived_date, order_lines.order_date)) over (
            partition by order_lines.order_line_id
            order by
                order_lines.arrived_at, order_lines.order_date, order_lines.is_cancelled, order_lines.quantity,
                order_lines.sales_amount, order_lines.product_id, order_lines.customer_id, order_lines.order_id
            rows between 1 following and unbounded following
        ), {{ end_of_time() }}) as superseded_date
    from order_lines
    semi join repeated on order_lines.order_line_id = repeated.order_line_id
    where not order_lines.is_too_late
),

final as (
    select * from single_versions
    union all
    select * from repeated_versions
)

select * from final
