with products as (
    select * from {{ ref('dim_products') }}
),

named as (
    select
        category_id,
        min(category_name) as category_name,
        min(department) as department,
        count(*) as n_products,
        bool_or({{ is_pseudo_category('category_name') }}) as is_pseudo
    from products
    where category_id is not null
    group by category_id
),

final as (
    select
        category_id,
        category_name,
        department,
        n_products,
        is_pseudo
    from named
)

select * from final
