with source as (
    select * from {{ source('raw', 'customers') }}
),

final as (
    select
        customer_id,
        age_band,
        income_band,
        home_ownership,
        marital_status,
        household_size,
        household_composition,
        n_children,
        arrived_at,
        arrived_date
    from source
)

select * from final
