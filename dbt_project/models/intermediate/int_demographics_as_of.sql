{{ config(materialized='view') }}

with dates as (
    select * from {{ ref('int_as_of_dates') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

known as (
    select
        dates.as_of_date,
        customers.*
    from customers
    inner join dates on customers.arrived_date < dates.as_of_date
    qualify row_number() over (
        partition by dates.as_of_date, customers.customer_id
        order by {{ newest_customer_row_first() }}
    ) = 1
),

final as (
    select
        as_of_date,
        customer_id,
        {{ demographic_features() }}
    from known
)

select * from final
