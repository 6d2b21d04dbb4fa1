with days as (
    select * from {{ ref('int_customer_days_as_of') }}
),

final as (
    select
        as_of_date,
        customer_id,
        {%- for length in [7, 14, 28, 56, 84, 168] %}
        {%- set recent = 'filter (where age_days <= ' ~ length ~ ')' %}
        cast(count(*) filter (where is_visit and age_days <= {{ length }}) as integer) as n_visits_{{ length }}d,
        cast(coalesce(sum(sales_amount) {{ recent }}, 0) as decimal(18, 4)) as sales_amount_{{ length }}d,
        {%- endfor %}
        {%- for half_life in [14, 28, 56, 112] %}
        sum({{ decay_weight('age_days', half_life) }}) filter (where is_visit) as visits_weight_{{ half_life }}d,
        cast(sum(sales_amount * {{ decay_weight('age_days', half_life) }}) as decimal(38, 4))
            as sales_weight_{{ half_life }}d,
        {%- endfor %}
        cast(coalesce(sum(n_purchase_lines) filter (where age_days <= 84), 0) as integer) as n_purchase_lines_84d,
        cast(count(*) filter (where is_visit and age_days <= 84 and isodow(order_date) >= 6) as integer)
            as n_weekend_visits_84d,
        coalesce(max(sales_amount) filter (where age_days <= 28), 0) as largest_day_amount_28d,
        arg_min(sales_amount, age_days) filter (where is_visit) as last_visit_amount
    from days
    group by as_of_date, customer_id
    having bool_or(is_visit)
)

select * from final
