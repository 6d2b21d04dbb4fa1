with source as (
    select * from {{ source('raw', 'campaign_products') }}
),

final as (
    select
        campaign_id,
        coupon_id,
        product_id,
        arrived_at,
        arrived_date
    from source
)

select * from final
