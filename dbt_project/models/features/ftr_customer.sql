-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with customers as (
    select * from {{ ref('int_customers_as_of') }}
),

categories_daily as (
    select * from {{ ref('int_customer_categories_daily') }}
    where n_orders > 0
),

timelines as (
    select * from {{ ref('int_customer_timelines') }}
),

campaigns as (
    select * from {{ ref('int_customer_campaigns_as_of') }}
),

demographics as (
    select * from {{ ref('int_demographics_as_of') }}
),

last_bought as (
    select
        timelines.as_of_date,
        categories_daily.customer_key,
        max(categories_daily.order_date) as last_order_date
    from categories_daily
    inner join timelines
        on
            categories_daily.customer_key = timelines.customer_key
            and categories_daily.timeline = timelines.timeline
            and categories_daily.order_date < timelines.as_of_date
    group by timelines.as_of_date, categories_daily.customer_key, categories_daily.category_key
),

breadth as (
    select
        as_of_date,
        customer_key,
        count(*) as n_categories,
        count(*) filter (where last_order_date >= as_of_date - 28) as n_categories_28d,
        count(*) filter (where last_order_date >= as_of_date - 84) as n_categories_84d
    from last_bought
    group by as_of_date, customer_key
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        customers.as_of_date,
        customers.customer_id,
        cast(customers.as_of_date - customers.last_order_date as integer) as customer__days_since_last_order,
        customers.n_orders_28d as customer__n_orders_28d,
        customers.n_orders_84d as customer__n_orders_84d,
        customers.n_orders as customer__n_orders,
        cast(customers.as_of_date - customers.first_order_date as integer) as customer__days_since_first_order,
        cast(customers.sales_amount_28d as double) as customer__spend_amount_28d,
        cast(customers.sales_amount_84d as double) as customer__spend_amount_84d,
        cast(coalesce(breadth.n_categories_28d, 0) as integer) as customer__n_categories_28d,
        cast(coalesce(breadth.n_categories_84d, 0) as integer) as customer__n_categories_84d,
        cast(coalesce(breadth.n_categories, 0) as integer) as customer__n_categories,
        {{ share('(customers.last_order_date - customers.first_order_date)', '(customers.n_order_days - 1)') }}
            as customer__mean_interval_days,
        {{ share('3 * customers.n_orders_28d', 'customers.n_orders_84d') }} as customer__order_trend,
        {{ pct('customers.discount_amount_84d', 'customers.list_amount_84d') }} as customer__discount_pct_84d,
        {{ pct('customers.coupon_amount_84d', 'customers.list_amount_84d') }} as customer__coupon_pct_84d,
        {{ share('customers.n_promoted_lines_84d', 'customers.n_purchase_lines_84d') }}
            as customer__promoted_share_84d,
        cast(coalesce(campaigns.n_contacts_84d, 0) as integer) as customer__n_campaign_contacts_84d,
        cast(coalesce(campaigns.n_responses, 0) as integer) as customer__n_campaign_responses,
        demographics.age_rank as customer__age_rank,
        demographics.income_rank as customer__income_rank,
        demographics.household_size as customer__household_size,
        demographics.n_children as customer__n_children,
        demographics.is_homeowner as customer__is_homeowner,
        coalesce(demographics.has_demographics, 0) as customer__has_demographics,
        customers.last_order_date >= customers.as_of_date - {{ var('active_days') }} as is_active
    from customers
    left join breadth
        on
            customers.as_of_date = breadth.as_of_date
            and customers.customer_key = breadth.customer_key
    left join campaigns
        on
            customers.as_of_date = campaigns.as_of_date
            and customers.customer_id = campaigns.customer_id
    left join demographics
        on
            customers.as_of_date = demographics.as_of_date
            and customers.customer_id = demographics.customer_id
)

select * from final
