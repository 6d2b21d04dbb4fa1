with products as (
    select * from {{ ref('stg_products') }}
),

final as (
    select
        product_id,
        product_name,
        category_id,
        category_name,
        department,
        brand,
        description,
        arrived_date as known_from_date
    from products
    qualify row_number() over (
        partition by product_id
        order by arrived_at desc, category_id, category_name, product_name, department, brand, description
    ) = 1
)

select * from final
