{%- set unit = 1048576.0 %}

with cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

habits as (
    select * from {{ ref('int_campaign_habits') }}
),

answers as (
    select * from {{ ref('int_campaign_answers') }}
),

demographics as (
    select * from {{ ref('int_campaign_demographics') }}
),

final as (
    select
        cuts.customer_id,
        cuts.cut_date,
        {%- for name in [
            'days_since_first_order', 'days_since_last_order', 'days_since_last_coupon', 'n_visits_28d',
            'n_visits_84d', 'n_visits_168d', 'n_coupon_lines_28d', 'n_coupon_lines_84d', 'n_coupon_lines_168d',
            'n_coupon_visits_84d', 'max_lines_168d'
        ] %}
        cast(habits.{{ name }} as integer) as customer__{{ name }},
        {%- endfor %}
        {%- for name in ['spend_amount_28d', 'spend_amount_84d', 'coupon_amount_84d'] %}
        cast(habits.{{ name }} as double) as customer__{{ name }},
        {%- endfor %}
        {%- for name in ['decayed_coupon_lines_28d', 'decayed_coupon_lines_84d', 'decayed_lines_84d'] %}
        habits.{{ name }} / {{ unit }} as customer__{{ name }},
        {%- endfor %}
        {{ share('habits.decayed_coupon_lines_168d', 'habits.decayed_lines_168d') }} as customer__coupon_line_share,
        {{ share('habits.decayed_coupon_visits_168d', 'habits.decayed_visits_168d') }}
            as customer__coupon_visit_share,
        {{ share('habits.decayed_discounted_lines_84d', 'habits.decayed_lines_84d') }}
            as customer__discounted_line_share,
        {{ share(
            'habits.decayed_discount_amount_84d', '(habits.decayed_discount_amount_84d + habits.decayed_sales_amount_84d)'
        ) }} as customer__discount_share,
        {{ share('habits.decayed_lines_84d', 'habits.decayed_visits_84d') }} as customer__lines_per_visit,
        {{ share('habits.decayed_sales_amount_84d', 'habits.decayed_visits_84d') }} as customer__visit_amount,
        {%- for name in [
            'n_contacts_84d', 'days_since_last_contact', 'n_campaigns_responded', 'n_responses_84d',
            'n_responses_168d', 'days_since_last_response'
        ] %}
        cast(answers.{{ name }} as integer) as response__{{ name }},
        {%- endfor %}
        answers.decayed_responses_84d / {{ unit }} as response__decayed_responses_84d,
        answers.decayed_responses_168d / {{ unit }} as response__decayed_responses_168d,
        answers.n_campaigns_responded / greatest(answers.n_contacts, 1) as response__response_share,
        cast(demographics.age_rank as integer) as customer__age_rank,
        cast(demographics.income_rank as integer) as customer__income_rank,
        cast(demographics.household_size as integer) as customer__household_size,
        cast(demographics.n_children as integer) as customer__n_children,
        cast(demographics.is_homeowner as integer) as customer__is_homeowner,
        coalesce(demographics.has_demographics, 0) as customer__has_demographics
    from cuts
    left join habits on cuts.customer_id = habits.customer_id and cuts.cut_date = habits.cut_date
    left join answers on cuts.customer_id = answers.customer_id and cuts.cut_date = answers.cut_date
    left join demographics on cuts.customer_id = demographics.customer_id and cuts.cut_date = demographics.cut_date
)

select * from final
