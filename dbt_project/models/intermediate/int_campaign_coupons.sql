with campaigns as (
    select * from {{ ref('int_campaigns_as_of_night') }}
),

offers as (
    select * from {{ ref('stg_campaign_products') }}
),

final as (
    select distinct
        offers.campaign_id,
        offers.coupon_id,
        offers.product_id
    from offers
    inner join campaigns
        on
            offers.campaign_id = campaigns.campaign_id
            and offers.arrived_date < campaigns.night_date
)

select * from final
