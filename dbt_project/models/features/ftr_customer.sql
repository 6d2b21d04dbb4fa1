-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with customers as (
    select * from {{ ref('int_customers_as_of') }}
),

customer_categories as (
    select * from {{ ref('int_customer_categories_as_of') }}
),

contacts as (
    select * from {{ ref('int_campaign_contacts_as_of') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

demographics as (
    select * from {{ ref('int_demographics_as_of') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
),

breadth as (
    select
        as_of_date,
        customer_key,
        count(*) as n_categories,
        count(*) filter (where n_orders_28d > 0) as n_categories_28d,
        count(*) filter (where n_orders_84d > 0) as n_categories_84d
    from customer_categories
    group by as_of_date, customer_key
),

contacted as (
    select
        as_of_date,
        customer_id,
        count(*) as n_contacts_84d
    from contacts
    where contact_date >= as_of_date - 84
    group by as_of_date, customer_id
),

known_responses as (
    select distinct
        dates.as_of_date,
        responses.customer_id,
        responses.campaign_id,
        responses.coupon_id,
        responses.response_date
    from responses
    inner join dates
        on
            responses.response_date < dates.as_of_date
            and responses.arrived_date < dates.as_of_date
),

responded as (
    select
        as_of_date,
        customer_id,
        count(*) as n_responses
    from known_responses
    group by as_of_date, customer_id
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
        cast(coalesce(contacted.n_contacts_84d, 0) as integer) as customer__n_campaign_contacts_84d,
        cast(coalesce(responded.n_responses, 0) as integer) as customer__n_campaign_responses,
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
    left join contacted
        on
            customers.as_of_date = contacted.as_of_date
            and customers.customer_id = contacted.customer_id
    left join responded
        on
            customers.as_of_date = responded.as_of_date
            and customers.customer_id = responded.customer_id
    left join demographics
        on
            customers.as_of_date = demographics.as_of_date
            and customers.customer_id = demographics.customer_id
)

select * from final
