with promotions as (
    select * from {{ ref('stg_promotions') }}
),

nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

-- Stores and placements are folded at once: this is the one look at the largest table.
final as (
    select
        promotions.product_id,
        promotions.start_date,
        promotions.end_date,
        promotions.arrived_date,
        count(*) filter (where promotions.display_location <> '') as n_displays,
        count(*) filter (where promotions.mailer_location <> '') as n_mailers
    from promotions
    inner join nights
        on
            -- Two months of plans: forecasts reach eight weeks ahead.
            promotions.start_date < nights.night_date + 56
            and promotions.arrived_date < nights.night_date
    group by all
)

select * from final
