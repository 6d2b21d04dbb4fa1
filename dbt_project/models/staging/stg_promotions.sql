with source as (
    select * from {{ source('raw', 'promotions') }}
),

final as (
    select
        product_id,
        location_id,
        display_location,
        mailer_location,
        start_date,
        end_date,
        arrived_at,
        arrived_date
    from source
)

select * from final
