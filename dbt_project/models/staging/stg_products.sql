with source as (
    select * from {{ source('raw', 'products') }}
),

final as (
    select
        product_id,
        product_name,
        category_id,
        coalesce(category_name, category_id) as category_name,
        department,
        brand,
        description,
        arrived_at,
        arrived_date
    from source
)

select * from final
