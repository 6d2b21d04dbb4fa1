with customers as (
    select * from {{ ref('stg_customers') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

described as (
    select * from customers
    qualify row_number() over (
        partition by customer_id
        order by {{ newest_customer_row_first() }}
    ) = 1
),

buyers as (
    select
        customer_id,
        min(order_date) filter (where is_purchase and not is_cancelled) as first_order_date,
        max(order_date) filter (where is_purchase and not is_cancelled) as last_order_date
    from order_lines
    group by customer_id
),

final as (
    select
        coalesce(described.customer_id, buyers.customer_id) as customer_id,
        described.age_band,
        described.income_band,
        described.home_ownership,
        described.marital_status,
        described.household_size,
        described.household_composition,
        described.n_children,
        described.customer_id is not null as has_customer_row,
        buyers.first_order_date,
        buyers.last_order_date
    from described
    full outer join buyers on described.customer_id = buyers.customer_id
)

select * from final
