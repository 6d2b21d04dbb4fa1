with products as (
    select * from {{ ref('int_product_versions') }}
),

final as (
    select
        category_id,
        cast(row_number() over (order by category_id) as integer) as category_key,
        bool_or(
            false
            {%- for word in var('pseudo_category_words') %}
            or contains(upper(category_name), '{{ word }}')
            {%- endfor %}
        ) as is_pseudo
    from products
    where category_id is not null
    group by category_id
)

select * from final
