{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('ftr_customer') }}
    where is_active
),

categories as (
    select * from {{ ref('ftr_category') }}
    where is_eligible
),

customer_categories as (
    select * from {{ ref('ftr_customer_category') }}
),

campaigns as (
    select * from {{ ref('ftr_customer_category__campaigns') }}
),

final as (
    select
        customers.snapshot_id,
        customers.as_of_date,
        customers.customer_id,
        categories.category_id,
        customers.customer__days_since_last_order,
        customers.customer__n_orders_28d,
        customers.customer__n_orders_84d,
        customers.customer__n_orders,
        customers.customer__days_since_first_order,
        customers.customer__spend_amount_28d,
        customers.customer__spend_amount_84d,
        customers.customer__n_categories_28d,
        customers.customer__n_categories_84d,
        customers.customer__n_categories,
        customers.customer__mean_interval_days,
        customers.customer__order_trend,
        customers.customer__discount_pct_84d,
        customers.customer__coupon_pct_84d,
        customers.customer__promoted_share_84d,
        customers.customer__n_campaign_contacts_84d,
        customers.customer__n_campaign_responses,
        customers.customer__age_rank,
        customers.customer__income_rank,
        customers.customer__household_size,
        customers.customer__n_children,
        customers.customer__is_homeowner,
        customers.customer__has_demographics,
        categories.category__n_customers_28d,
        categories.category__n_customers_84d,
        categories.category__n_customers,
        categories.category__penetration_28d,
        categories.category__penetration_84d,
        categories.category__trend,
        categories.category__repeat_rate,
        categories.category__mean_interval_days,
        categories.category__discount_pct_84d,
        categories.category__promoted_share_28d,
        categories.category__mean_price_amount,
        categories.category__n_products,
        coalesce(customer_categories.pair__n_orders, 0) as pair__n_orders,
        customer_categories.pair__n_orders_28d,
        customer_categories.pair__n_orders_84d,
        customer_categories.pair__days_since_last_order,
        customer_categories.pair__days_since_first_order,
        customer_categories.pair__mean_interval_days,
        customer_categories.pair__overdue_ratio,
        customer_categories.pair__spend_amount_84d,
        customer_categories.pair__quantity_84d,
        customer_categories.pair__share_of_orders,
        customer_categories.pair__share_of_spend_84d,
        customer_categories.pair__discount_pct_84d,
        customer_categories.pair__decayed_orders,
        customer_categories.pair__orders_prev_28d,
        cast(campaigns.customer_id is not null as integer) as pair__has_active_campaign
    from customers
    inner join categories
        on
            customers.snapshot_id = categories.snapshot_id
            and customers.as_of_date = categories.as_of_date
    left join customer_categories
        on
            customers.snapshot_id = customer_categories.snapshot_id
            and customers.as_of_date = customer_categories.as_of_date
            and customers.customer_id = customer_categories.customer_id
            and categories.category_id = customer_categories.category_id
    left join campaigns
        on
            customers.snapshot_id = campaigns.snapshot_id
            and customers.as_of_date = campaigns.as_of_date
            and customers.customer_id = campaigns.customer_id
            and categories.category_id = campaigns.category_id
)

select * from final
