-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with categories as (
    select * from {{ ref('int_categories_as_of') }}
),

customers as (
    select * from {{ ref('int_customers_as_of') }}
),

category_keys as (
    select * from {{ ref('int_category_keys') }}
),

product_versions as (
    select * from {{ ref('int_product_versions') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
),

shoppers as (
    select
        as_of_date,
        count(*) as n_customers,
        count(*) filter (where n_orders_28d > 0) as n_customers_28d,
        count(*) filter (where n_orders_84d > 0) as n_customers_84d
    from customers
    group by as_of_date
),

-- No wares (coupons, fuel, miscellaneous), by the names that were known at the date.
pseudo_categories as (
    select distinct
        dates.as_of_date,
        product_versions.category_id
    from product_versions
    inner join dates on {{ is_known_at('product_versions', 'dates.as_of_date') }}
    where {{ is_pseudo_category('product_versions.category_name') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        categories.as_of_date,
        category_keys.category_id,
        cast(categories.n_customers_28d as integer) as category__n_customers_28d,
        cast(categories.n_customers_84d as integer) as category__n_customers_84d,
        cast(categories.n_customers as integer) as category__n_customers,
        {{ share('categories.n_customers_28d', 'shoppers.n_customers_28d') }} as category__penetration_28d,
        {{ share('categories.n_customers_84d', 'shoppers.n_customers_84d') }} as category__penetration_84d,
        {{ share('3 * categories.n_orders_28d', 'categories.n_orders_84d') }} as category__trend,
        {{ share('categories.n_repeat_customers', 'categories.n_customers') }} as category__repeat_rate,
        {{ share('categories.days_between', 'categories.n_intervals') }} as category__mean_interval_days,
        {{ pct('categories.discount_amount_84d', 'categories.list_amount_84d') }} as category__discount_pct_84d,
        {{ share('categories.n_promoted_lines_28d', 'categories.n_purchase_lines_28d') }}
            as category__promoted_share_28d,
        {{ share('categories.sales_amount_84d', 'categories.quantity_84d') }} as category__mean_price_amount,
        cast(categories.n_products as integer) as category__n_products,
        pseudo_categories.category_id is null
        and categories.n_customers >= greatest(
            2,
            least(
                {{ var('max_min_customers') }},
                ({{ var('min_customers_per_mille') }} * shoppers.n_customers + 999) // 1000
            )
        ) as is_eligible
    from categories
    inner join shoppers on categories.as_of_date = shoppers.as_of_date
    inner join category_keys on categories.category_key = category_keys.category_key
    left join pseudo_categories
        on
            categories.as_of_date = pseudo_categories.as_of_date
            and category_keys.category_id = pseudo_categories.category_id
)

select * from final
