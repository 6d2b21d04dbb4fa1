{%- set unit = 1048576.0 %}

with customers as (
    select * from {{ ref('int_campaign_customers') }}
),

habits as (
    select * from {{ ref('int_campaign_habits') }}
),

products as (
    select * from {{ ref('int_campaign_product_matches') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupon_matches') }}
),

redemptions as (
    select * from {{ ref('int_campaign_redemptions') }}
),

final as (
    select
        customers.campaign_id,
        customers.customer_id,
        cast(products.days_since_last_order as integer) as match__days_since_last_order,
        {%- for name in [
            'n_products_84d', 'n_products_168d', 'n_lines_28d', 'n_lines_84d', 'n_lines_168d', 'n_coupon_lines_84d',
            'n_coupon_lines_168d', 'n_discounted_lines_84d'
        ] %}
        cast(coalesce(products.{{ name }}, 0) as integer) as match__{{ name }},
        {%- endfor %}
        cast(coalesce(products.spend_amount_84d, 0) as double) as match__spend_amount_84d,
        {%- for name in ['decayed_lines_28d', 'decayed_lines_84d', 'decayed_coupon_lines_84d'] %}
        coalesce(products.{{ name }}, 0) / {{ unit }} as match__{{ name }},
        {%- endfor %}
        coalesce({{ share('products.decayed_lines_84d', 'habits.decayed_lines_84d') }}, 0) as match__line_share,
        {%- for name in [
            'n_coupons_84d', 'n_coupons_168d', 'n_coupons_twice_84d', 'n_coupons_with_coupon_168d',
            'max_coupon_lines_84d'
        ] %}
        cast(coalesce(coupons.{{ name }}, 0) as integer) as match__{{ name }},
        {%- endfor %}
        {%- for name in ['log_lines_84d', 'log_coupon_lines_168d', 'weighted_lines_84d'] %}
        coalesce(coupons.{{ name }}, 0) / {{ unit }} as match__{{ name }},
        {%- endfor %}
        cast(coalesce(redemptions.n_same_coupons, 0) as integer) as match__n_same_coupons,
        cast(coalesce(redemptions.n_redeemed_coupons, 0) as integer) as match__n_redeemed_coupons,
        cast(coalesce(redemptions.n_redeemed_products, 0) as integer) as match__n_redeemed_products
    from customers
    left join habits
        on customers.customer_id = habits.customer_id and customers.cut_date = habits.cut_date
    left join products
        on customers.campaign_id = products.campaign_id and customers.customer_id = products.customer_id
    left join coupons
        on customers.campaign_id = coupons.campaign_id and customers.customer_id = coupons.customer_id
    left join redemptions
        on customers.campaign_id = redemptions.campaign_id and customers.customer_id = redemptions.customer_id
)

select * from final
