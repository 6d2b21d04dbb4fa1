-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

products as (
    select * from {{ ref('int_product_versions') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        nights.night_date as as_of_date,
        products.product_id,
        products.category_id,
        products.product_name,
        products.category_id is not null and not {{ is_pseudo_category('products.category_name') }} as is_ware,
        products.arrived_date,
        -- The night does not know what replaces a version later.
        case
            when products.superseded_date < nights.night_date then products.superseded_date
            else {{ end_of_time() }}
        end as superseded_date
    from products
    inner join nights on products.arrived_date < nights.night_date
)

select * from final
