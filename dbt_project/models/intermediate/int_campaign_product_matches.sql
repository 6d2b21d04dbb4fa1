with matches as (
    select * from {{ ref('int_campaign_matches') }}
),

final as (
    select
        campaign_id,
        customer_id,
        min(days_since_last_order) as days_since_last_order,
        count(*) filter (where n_lines_84d > 0) as n_products_84d,
        count(*) filter (where n_lines_168d > 0) as n_products_168d,
        sum(n_lines_28d) as n_lines_28d,
        sum(n_lines_84d) as n_lines_84d,
        sum(n_lines_168d) as n_lines_168d,
        sum(n_coupon_lines_84d) as n_coupon_lines_84d,
        sum(n_coupon_lines_168d) as n_coupon_lines_168d,
        sum(n_discounted_lines_84d) as n_discounted_lines_84d,
        sum(spend_amount_84d) as spend_amount_84d,
        sum(decayed_lines_28d) as decayed_lines_28d,
        sum(decayed_lines_84d) as decayed_lines_84d,
        sum(decayed_coupon_lines_84d) as decayed_coupon_lines_84d
    from matches
    group by campaign_id, customer_id
)

select * from final
