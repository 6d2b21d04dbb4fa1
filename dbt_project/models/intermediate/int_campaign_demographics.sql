with cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

known as (
    select
        cuts.cut_date,
        customers.*
    from customers
    inner join cuts
        on
            customers.customer_id = cuts.customer_id
            and customers.arrived_date < cuts.cut_date
    qualify row_number() over (
        partition by cuts.cut_date, customers.customer_id
        order by
            customers.arrived_at desc, customers.age_band, customers.income_band, customers.home_ownership,
            customers.marital_status, customers.household_size, customers.household_composition, customers.n_children
    ) = 1
),

final as (
    select
        customer_id,
        cut_date,
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
