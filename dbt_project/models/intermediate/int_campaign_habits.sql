with days as (
    select * from {{ ref('int_campaign_customer_days') }}
),

cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

visits as (
    select
        cuts.customer_id,
        cuts.cut_date,
        cuts.cut_date - days.order_date as age_days,
        cast(sum(days.n_purchase_lines) as bigint) as n_lines,
        cast(sum(days.n_coupon_lines) as bigint) as n_coupon_lines,
        cast(sum(days.n_discounted_lines) as bigint) as n_discounted_lines,
        cast(sum(days.sales_amount) as decimal(18, 4)) as sales_amount,
        cast(sum(days.discount_amount) as decimal(18, 4)) as discount_amount,
        cast(sum(days.coupon_amount) as decimal(18, 4)) as coupon_amount
    from days
    inner join cuts
        on
            days.customer_id = cuts.customer_id
            and days.order_date < cuts.cut_date
            and {{ is_known_at('days', 'cuts.cut_date') }}
    group by cuts.customer_id, cuts.cut_date, days.order_date
    having sum(days.n_purchase_lines) > 0
),

weighted as (
    select
        *,
        {{ decay_weight('age_days', 28) }} as weight_28d,
        {{ decay_weight('age_days', 84) }} as weight_84d,
        {{ decay_weight('age_days', 168) }} as weight_168d
    from visits
),

final as (
    select
        customer_id,
        cut_date,
        max(age_days) as days_since_first_order,
        min(age_days) as days_since_last_order,
        min(age_days) filter (where n_coupon_lines > 0) as days_since_last_coupon,
        {%- for days in [28, 84, 168] %}
        count(*) filter (where age_days <= {{ days }}) as n_visits_{{ days }}d,
        coalesce(sum(n_coupon_lines) filter (where age_days <= {{ days }}), 0) as n_coupon_lines_{{ days }}d,
        {%- endfor %}
        {%- for days in [28, 84] %}
        coalesce(sum(sales_amount) filter (where age_days <= {{ days }}), 0) as spend_amount_{{ days }}d,
        sum(n_coupon_lines * weight_{{ days }}d) as decayed_coupon_lines_{{ days }}d,
        {%- endfor %}
        count(*) filter (where n_coupon_lines > 0 and age_days <= 84) as n_coupon_visits_84d,
        coalesce(sum(coupon_amount) filter (where age_days <= 84), 0) as coupon_amount_84d,
        max(n_lines) filter (where age_days <= 168) as max_lines_168d,
        sum(n_lines * weight_84d) as decayed_lines_84d,
        sum(n_discounted_lines * weight_84d) as decayed_discounted_lines_84d,
        sum(weight_84d) as decayed_visits_84d,
        sum(cast(sales_amount * weight_84d as hugeint)) as decayed_sales_amount_84d,
        sum(cast(discount_amount * weight_84d as hugeint)) as decayed_discount_amount_84d,
        sum(n_lines * weight_168d) as decayed_lines_168d,
        sum(n_coupon_lines * weight_168d) as decayed_coupon_lines_168d,
        sum(weight_168d) as decayed_visits_168d,
        coalesce(sum(weight_168d) filter (where n_coupon_lines > 0), 0) as decayed_coupon_visits_168d
    from weighted
    group by customer_id, cut_date
)

select * from final
