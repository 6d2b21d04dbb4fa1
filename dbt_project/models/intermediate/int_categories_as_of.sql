with customer_categories as (
    select * from {{ ref('int_customer_categories_as_of') }}
),

customer_products as (
    select * from {{ ref('int_customer_products_daily') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
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
    from customer_products
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

final as (
    select
        bought.*,
        coalesce(assortment.n_products, 0) as n_products
    from bought
    left join assortment
        on
            bought.as_of_date = assortment.as_of_date
            and bought.category_key = assortment.category_key
)

select * from final
