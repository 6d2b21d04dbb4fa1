with products as (
    select * from {{ ref('stg_products') }}
),

final as (
    select
        product_id,
        category_id,
        category_name,
        product_name,
        arrived_date,
        lead(arrived_date, 1, {{ end_of_time() }}) over (
            partition by product_id
            order by arrived_at, category_id, category_name, product_name, department, brand, description
        ) as superseded_date
    from products
)

select * from final
