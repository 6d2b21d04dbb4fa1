with customers as (
    select * from {{ ref('int_campaign_customers') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

redeemed as (
    select
        customer_id,
        campaign_id,
        coupon_id,
        response_date,
        min(arrived_date) as arrived_date
    from responses
    group by customer_id, campaign_id, coupon_id, response_date
),

redeemed_coupons as (
    select distinct
        campaign_id,
        coupon_id
    from redeemed
),

-- How many products a coupon that somebody redeemed shares with each campaign.
shared as (
    select
        redeemed_coupons.campaign_id as redeemed_campaign_id,
        redeemed_coupons.coupon_id as redeemed_coupon_id,
        offered.campaign_id,
        count(distinct offered.product_id) as n_products,
        bool_or(offered.coupon_id = redeemed_coupons.coupon_id) as is_same_coupon
    from redeemed_coupons
    inner join coupons
        on
            redeemed_coupons.campaign_id = coupons.campaign_id
            and redeemed_coupons.coupon_id = coupons.coupon_id
    inner join coupons as offered on coupons.product_id = offered.product_id
    group by redeemed_coupons.campaign_id, redeemed_coupons.coupon_id, offered.campaign_id
),

final as (
    select
        customers.campaign_id,
        customers.customer_id,
        count(distinct redeemed.coupon_id) filter (where shared.is_same_coupon) as n_same_coupons,
        count(distinct redeemed.coupon_id) as n_redeemed_coupons,
        sum(shared.n_products) as n_redeemed_products
    from redeemed
    inner join customers
        on
            redeemed.customer_id = customers.customer_id
            and redeemed.response_date < customers.cut_date
            and redeemed.arrived_date < customers.cut_date
    inner join shared
        on
            redeemed.campaign_id = shared.redeemed_campaign_id
            and redeemed.coupon_id = shared.redeemed_coupon_id
            and customers.campaign_id = shared.campaign_id
    group by customers.campaign_id, customers.customer_id
)

select * from final
