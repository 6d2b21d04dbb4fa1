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
        order by
            customers.arrived_at desc, customers.age_band, customers.income_band, customers.home_ownership,
            customers.marital_status, customers.household_size, customers.household_composition, customers.n_children
    ) = 1
),

final as (
    select
        as_of_date,
        customer_id,
        {{ band_start('age_band') }} as age_rank,
        {{ band_start('income_band') }} as income_rank,
        {{ band_start('household_size') }} as household_size,
        {{ band_start('n_children') }} as n_children,
        {{ is_homeowner('home_ownership') }} as is_homeowner,
        cast(coalesce(
            age_band, income_band, home_ownership, marital_status, household_size, household_composition, n_children
        ) is not null as integer) as has_demographics
    from known
)

select * from final
