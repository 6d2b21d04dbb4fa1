with matches as (
    select * from {{ ref('int_campaign_matches') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

sizes as (
    select
        campaign_id,
        coupon_id,
        count(*) as n_products
    from coupons
    group by campaign_id, coupon_id
),

by_coupon as (
    select
        matches.campaign_id,
        matches.customer_id,
        coupons.coupon_id,
        sum(matches.n_lines_84d) as n_lines_84d,
        sum(matches.n_lines_168d) as n_lines_168d,
        sum(matches.n_coupon_lines_168d) as n_coupon_lines_168d,
        sum(matches.decayed_lines_84d) as decayed_lines_84d
    from matches
    inner join coupons
        on
            matches.campaign_id = coupons.campaign_id
            and matches.product_id = coupons.product_id
    group by matches.campaign_id, matches.customer_id, coupons.coupon_id
),

-- Logarithms and quotients become whole units of 2^-20 before they are added up: the sum is the same in every order.
final as (
    select
        by_coupon.campaign_id,
        by_coupon.customer_id,
        count(*) filter (where by_coupon.n_lines_84d > 0) as n_coupons_84d,
        count(*) filter (where by_coupon.n_lines_168d > 0) as n_coupons_168d,
        count(*) filter (where by_coupon.n_lines_84d > 1) as n_coupons_twice_84d,
        count(*) filter (where by_coupon.n_coupon_lines_168d > 0) as n_coupons_with_coupon_168d,
        max(by_coupon.n_lines_84d) as max_coupon_lines_84d,
        sum(cast(round(1048576 * ln(1 + by_coupon.n_lines_84d)) as bigint)) as log_lines_84d,
        sum(cast(round(1048576 * ln(1 + by_coupon.n_coupon_lines_168d)) as bigint)) as log_coupon_lines_168d,
        sum(cast(by_coupon.decayed_lines_84d // sizes.n_products as hugeint)) as weighted_lines_84d
    from by_coupon
    inner join sizes
        on
            by_coupon.campaign_id = sizes.campaign_id
            and by_coupon.coupon_id = sizes.coupon_id
    group by by_coupon.campaign_id, by_coupon.customer_id
)

select * from final
