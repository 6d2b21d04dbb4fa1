with products as (
    select * from {{ ref('int_product_versions') }}
),

final as (
    select
        category_id,
        cast(row_number() over (order by category_id) as integer) as category_key
    from products
    where category_id is not null
    group by category_id
)

select * from final
