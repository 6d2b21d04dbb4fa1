with days as (
    select * from {{ ref('int_customer_days_as_of') }}
),

known as (
    select
        as_of_date,
        customer_id,
        least(greatest(max(age_days) // 7, 1), 24) as n_weeks
    from days
    where is_visit
    group by as_of_date, customer_id
),

weekly as (
    select
        as_of_date,
        customer_id,
        (age_days - 1) // 7 as week_back,
        count(*) filter (where is_visit) as n_visits,
        sum(sales_amount) as sales_amount
    from days
    where age_days <= 168
    group by all
),

-- Week 0 is the last one before the date; weeks before the customer's first visit are not counted.
weeks as (
    select
        *,
        unnest(range(n_weeks)) as week_back
    from known
),

filled as (
    select
        weeks.as_of_date,
        weeks.customer_id,
        weeks.week_back,
        coalesce(weekly.n_visits, 0) as n_visits,
        coalesce(weekly.sales_amount, 0) as sales_amount,
        coalesce(sum(weekly.n_visits) over four_weeks, 0) as n_visits_4w,
        cast(coalesce(sum(weekly.sales_amount) over four_weeks, 0) as decimal(18, 4)) as sales_amount_4w,
        weeks.week_back + 4 <= weeks.n_weeks as is_whole
    from weeks
    left join weekly
        on
            weeks.as_of_date = weekly.as_of_date
            and weeks.customer_id = weekly.customer_id
            and weeks.week_back = weekly.week_back
    window four_weeks as (
        partition by weeks.as_of_date, weeks.customer_id
        order by weeks.week_back rows between current row and 3 following
    )
),

compared as (
    select
        *,
        lead(sales_amount_4w, 4) over customer as sales_4w_before,
        first_value(sales_amount_4w) over customer as sales_amount_4w_now,
        coalesce(lead(is_whole, 4) over customer and lead(sales_amount_4w, 4) over customer > 0, false) as has_before
    from filled
    window customer as (partition by as_of_date, customer_id order by week_back)
),

final as (
    select
        as_of_date,
        customer_id,
        {%- for length in [4, 8, 12, 24] %}
        cast(count(*) filter (where n_visits > 0 and week_back < {{ length }}) as integer)
            as n_active_weeks_{{ length }}w,
        {%- endfor %}
        cast(count(*) filter (where week_back < 12) as integer) as n_weeks_12w,
        cast(coalesce(sum(sales_amount) filter (where week_back < 12), 0) as decimal(18, 4)) as sales_amount_12w,
        cast(coalesce(sum({{ square('sales_amount') }}) filter (where week_back < 12), 0) as decimal(38, 8))
            as squared_sales_amount_12w,
        -- Week 0 counts 11 times, week 11 counts -11 times: the slope of a line through twelve weeks, times 286.
        cast(coalesce(sum(n_visits * (11 - 2 * week_back)) filter (where week_back < 12), 0) as bigint)
            as visits_slope_12w,
        cast(coalesce(sum(sales_amount * (11 - 2 * week_back)) filter (where week_back < 12), 0) as decimal(18, 4))
            as sales_slope_12w,
        cast(count(*) filter (where is_whole) as integer) as n_months,
        cast(coalesce(sum(sales_amount_4w) filter (where is_whole), 0) as decimal(18, 4)) as month_amounts,
        cast(coalesce(sum({{ square('sales_amount_4w') }}) filter (where is_whole), 0) as decimal(38, 8))
            as squared_month_amounts,
        min(sales_amount_4w) filter (where is_whole) as min_month_amount,
        quantile_disc(sales_amount_4w, 0.5) filter (where is_whole) as median_month_amount,
        max(sales_amount_4w) filter (where is_whole) as max_month_amount,
        cast(count(*) filter (where is_whole and n_visits_4w = 0) as integer) as n_empty_months,
        cast(count(*) filter (where is_whole and 2 * sales_amount_4w < sales_amount_4w_now) as integer)
            as n_months_below_half_of_now,
        cast(count(*) filter (where has_before) as integer) as n_month_pairs,
        cast(count(*) filter (where has_before and 2 * sales_amount_4w < sales_4w_before) as integer) as n_month_drops
    from compared
    group by as_of_date, customer_id
)

select * from final
