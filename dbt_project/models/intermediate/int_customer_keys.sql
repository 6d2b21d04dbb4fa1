with order_lines as (
    select distinct customer_id from {{ ref('stg_order_lines') }}
),

final as (
    select
        customer_id,
        cast(row_number() over (order by customer_id) as integer) as customer_key
    from order_lines
)

select * from final
