with customers as (
    select * from {{ ref('int_customer_keys') }}
),

irregular_customers as (
    select * from {{ ref('int_irregular_customers') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
),

final as (
    select
        dates.as_of_date,
        customers.customer_id,
        customers.customer_key,
        case
            when irregular_customers.customer_id is null then {{ shared_timeline() }} else dates.as_of_date
        end as timeline,
        case
            when irregular_customers.customer_id is null then dates.night_date else dates.as_of_date
        end as cut_date
    from customers
    cross join dates
    left join irregular_customers on customers.customer_id = irregular_customers.customer_id
)

select * from final
