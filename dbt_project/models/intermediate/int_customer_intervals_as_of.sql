with days as (
    select * from {{ ref('int_customer_days_as_of') }}
),

visits as (
    select
        as_of_date,
        customer_id,
        age_days,
        interval_days,
        min(age_days) over (partition by as_of_date, customer_id) as absent_days
    from days
    where is_visit
),

final as (
    select
        as_of_date,
        customer_id,
        cast(min(absent_days) as integer) as absent_days,
        cast(max(age_days) as integer) as known_days,
        cast(count(interval_days) as integer) as n_intervals,
        cast(coalesce(sum(interval_days), 0) as bigint) as interval_days,
        cast(coalesce(sum(interval_days * interval_days), 0) as bigint) as squared_interval_days,
        cast(quantile_disc(interval_days, 0.5) as integer) as median_interval_days,
        cast(quantile_disc(interval_days, 0.9) as integer) as p90_interval_days,
        cast(max(interval_days) as integer) as max_interval_days,
        cast(arg_min(interval_days, age_days) as integer) as last_interval_days,
        -- The customer's own answer to "gone as long as now: and how often then for 28 days more?"
        cast(count(*) filter (where interval_days >= absent_days) as integer) as n_intervals_as_long,
        cast(count(*) filter (where interval_days >= absent_days + 28) as integer) as n_intervals_28d_longer,
        -- Days after which nothing came for 28 days.
        cast(coalesce(sum(interval_days - 28) filter (where interval_days > 28), 0) as bigint) as n_days_before_absence
    from visits
    group by as_of_date, customer_id
)

select * from final
