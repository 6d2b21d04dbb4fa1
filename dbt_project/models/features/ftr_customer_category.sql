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

measured as (
    select
        *,
        cast(as_of_date - last_order_date as integer) as days_since_last_order,
        cast(as_of_date - first_order_date as integer) as days_since_first_order,
        last_order_date - first_order_date as days_between,
        n_order_days - 1 as n_intervals,
        sales_amount_84d + discount_amount_84d + coupon_amount_84d as list_amount_84d
    from customer_categories
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        measured.as_of_date,
        customers.customer_id,
        category_keys.category_id,
        measured.n_orders as pair__n_orders,
        measured.n_orders_28d as pair__n_orders_28d,
        measured.n_orders_84d as pair__n_orders_84d,
        measured.days_since_last_order as pair__days_since_last_order,
        measured.days_since_first_order as pair__days_since_first_order,
        {{ share('measured.days_between', 'measured.n_intervals') }} as pair__mean_interval_days,
        {{ share('measured.days_since_last_order * measured.n_intervals', 'measured.days_between') }}
            as pair__overdue_ratio,
        cast(measured.sales_amount_84d as double) as pair__spend_amount_84d,
        cast(measured.quantity_84d as double) as pair__quantity_84d,
        {{ share('measured.n_orders', 'customers.n_orders') }} as pair__share_of_orders,
        {{ share('measured.sales_amount_84d', 'customers.sales_amount_84d') }} as pair__share_of_spend_84d,
        {{ pct('measured.discount_amount_84d', 'measured.list_amount_84d') }} as pair__discount_pct_84d,
        cast(measured.decayed_orders_weight as double) / 1048576 as pair__decayed_orders,
        measured.n_orders_prev_28d as pair__orders_prev_28d
    from measured
    inner join customers
        on
            measured.as_of_date = customers.as_of_date
            and measured.customer_key = customers.customer_key
    inner join category_keys on measured.category_key = category_keys.category_key
)

select * from final
