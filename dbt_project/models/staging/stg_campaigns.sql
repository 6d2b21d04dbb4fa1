with source as (
    select * from {{ source('raw', 'campaigns') }}
),

final as (
    select
        campaign_id,
        campaign_name,
        campaign_type,
        start_date,
        end_date,
        arrived_at,
        arrived_date
    from source
)

select * from final
