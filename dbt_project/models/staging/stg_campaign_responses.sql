with source as (
    select * from {{ source('raw', 'campaign_responses') }}
),

final as (
    select
        campaign_id,
        customer_id,
        coupon_id,
        response_date,
        arrived_at,
        arrived_date
    from source
)

select * from final
