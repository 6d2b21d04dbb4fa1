with order_lines as (
    select distinct product_id from {{ ref('stg_order_lines') }}
),

final as (
    select
        product_id,
        cast(row_number() over (order by product_id) as integer) as product_key
    from order_lines
)

select * from final
