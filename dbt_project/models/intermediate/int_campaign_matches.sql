with customers as (
    select * from {{ ref('int_campaign_customers') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

bought as (
    select * from {{ ref('int_campaign_customer_products') }}
),

offered as (
    select distinct
        campaign_id,
        product_id
    from coupons
),

matched as (
    select
        customers.campaign_id,
        customers.customer_id,
        bought.product_id,
        customers.cut_date - bought.order_date as age_days,
        bought.n_lines,
        bought.n_coupon_lines,
        bought.n_discounted_lines,
        bought.sales_amount
    from bought
    inner join customers
        on
            bought.customer_id = customers.customer_id
            and bought.order_date < customers.cut_date
            and {{ is_known_at('bought', 'customers.cut_date') }}
    inner join offered
        on
            customers.campaign_id = offered.campaign_id
            and bought.product_id = offered.product_id
),

weighted as (
    select
        *,
        n_lines * {{ decay_weight('age_days', 28) }} as decayed_lines_28d,
        n_lines * {{ decay_weight('age_days', 84) }} as decayed_lines_84d,
        n_coupon_lines * {{ decay_weight('age_days', 84) }} as decayed_coupon_lines_84d
    from matched
),

final as (
    select
        campaign_id,
        customer_id,
        product_id,
        min(age_days) as days_since_last_order,
        {%- for days in [28, 84, 168] %}
        cast(coalesce(sum(n_lines) filter (where age_days <= {{ days }}), 0) as integer) as n_lines_{{ days }}d,
        {%- endfor %}
        {%- for days in [84, 168] %}
        cast(coalesce(sum(n_coupon_lines) filter (where age_days <= {{ days }}), 0) as integer)
            as n_coupon_lines_{{ days }}d,
        {%- endfor %}
        cast(coalesce(sum(n_discounted_lines) filter (where age_days <= 84), 0) as integer) as n_discounted_lines_84d,
        coalesce(sum(sales_amount) filter (where age_days <= 84), 0) as spend_amount_84d,
        cast(sum(decayed_lines_28d) as bigint) as decayed_lines_28d,
        cast(sum(decayed_lines_84d) as bigint) as decayed_lines_84d,
        cast(sum(decayed_coupon_lines_84d) as bigint) as decayed_coupon_lines_84d
    from weighted
    group by campaign_id, customer_id, product_id
)

select * from final
