with products as (
    select * from {{ ref('dim_products') }}
),

category_keys as (
    select * from {{ ref('int_category_keys') }}
),

named as (
    select
        category_id,
        min(category_name) as category_name,
        min(department) as department,
        count(*) as n_products
    from products
    where category_id is not null
    group by category_id
),

final as (
    select
        named.category_id,
        named.category_name,
        named.department,
        named.n_products,
        category_keys.is_pseudo
    from named
    inner join category_keys on named.category_id = category_keys.category_id
)

select * from final
