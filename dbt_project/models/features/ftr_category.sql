-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with customer_categories as (
    select * from {{ ref('int_customer_categories_as_of') }}
),

customers as (
    select * from {{ ref('int_customers_as_of') }}
),

category_keys as (
    select * from {{ ref('int_category_keys') }}
),

products as (
    select * from {{ ref('int_customer_products_daily') }}
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

bought as (
    select
        as_of_date,
        category_key,
        count(*) as n_customers,
        count(*) filter (where n_orders_28d > 0) as n_customers_28d,
        count(*) filter (where n_orders_84d > 0) as n_customers_84d,
        count(*) filter (where n_orders > 1) as n_repeat_customers,
        sum(last_order_date - first_order_date) as days_between,
        sum(n_order_days - 1) as n_intervals,
        sum(n_orders_28d) as n_orders_28d,
        sum(n_orders_84d) as n_orders_84d,
        sum(n_purchase_lines_28d) as n_purchase_lines_28d,
        sum(n_promoted_lines_28d) as n_promoted_lines_28d,
        sum(quantity_84d) as quantity_84d,
        sum(sales_amount_84d) as sales_amount_84d,
        sum(discount_amount_84d) as discount_amount_84d,
        sum(sales_amount_84d + discount_amount_84d + coupon_amount_84d) as list_amount_84d
    from customer_categories
    group by as_of_date, category_key
),

-- When each product was first bought by anybody on the timeline.
first_seen as (
    select
        timeline,
        product_key,
        category_key,
        min(order_date) as first_order_date
    from products
    where category_key is not null
    group by timeline, product_key, category_key
),

assortment as (
    select
        dates.as_of_date,
        first_seen.category_key,
        count(distinct first_seen.product_key) as n_products
    from first_seen
    inner join dates
        on
            first_seen.first_order_date < dates.as_of_date
            and first_seen.timeline in ({{ shared_timeline() }}, dates.as_of_date)
    group by dates.as_of_date, first_seen.category_key
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
        bought.as_of_date,
        category_keys.category_id,
        cast(bought.n_customers_28d as integer) as category__n_customers_28d,
        cast(bought.n_customers_84d as integer) as category__n_customers_84d,
        cast(bought.n_customers as integer) as category__n_customers,
        {{ share('bought.n_customers_28d', 'shoppers.n_customers_28d') }} as category__penetration_28d,
        {{ share('bought.n_customers_84d', 'shoppers.n_customers_84d') }} as category__penetration_84d,
        {{ share('3 * bought.n_orders_28d', 'bought.n_orders_84d') }} as category__trend,
        {{ share('bought.n_repeat_customers', 'bought.n_customers') }} as category__repeat_rate,
        {{ share('bought.days_between', 'bought.n_intervals') }} as category__mean_interval_days,
        {{ pct('bought.discount_amount_84d', 'bought.list_amount_84d') }} as category__discount_pct_84d,
        {{ share('bought.n_promoted_lines_28d', 'bought.n_purchase_lines_28d') }} as category__promoted_share_28d,
        {{ share('bought.sales_amount_84d', 'bought.quantity_84d') }} as category__mean_price_amount,
        cast(coalesce(assortment.n_products, 0) as integer) as category__n_products,
        pseudo_categories.category_id is null
        and bought.n_customers >= greatest(
            2,
            least(
                {{ var('max_min_customers') }},
                ({{ var('min_customers_per_mille') }} * shoppers.n_customers + 999) // 1000
            )
        ) as is_eligible
    from bought
    inner join shoppers on bought.as_of_date = shoppers.as_of_date
    inner join category_keys on bought.category_key = category_keys.category_key
    left join assortment
        on
            bought.as_of_date = assortment.as_of_date
            and bought.category_key = assortment.category_key
    left join pseudo_categories
        on
            bought.as_of_date = pseudo_categories.as_of_date
            and category_keys.category_id = pseudo_categories.category_id
)

select * from final
