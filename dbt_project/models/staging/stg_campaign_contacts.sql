with source as (
    select * from {{ source('raw', 'campaign_contacts') }}
),

final as (
    select
        campaign_id,
        customer_id,
        contact_date,
        arrived_at,
        arrived_date
    from source
)

select * from final
