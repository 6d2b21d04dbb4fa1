-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with windows as (
    select * from {{ ref('int_customer_windows_as_of') }}
),

intervals as (
    select * from {{ ref('int_customer_intervals_as_of') }}
),

weeks as (
    select * from {{ ref('int_customer_weeks_as_of') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        windows.as_of_date,
        windows.customer_id,
        windows.n_visits_7d as health__n_visits_7d,
        windows.n_visits_14d as health__n_visits_14d,
        windows.n_visits_28d as health__n_visits_28d,
        windows.n_visits_56d as health__n_visits_56d,
        windows.n_visits_84d as health__n_visits_84d,
        windows.n_visits_168d as health__n_visits_168d,
        cast(windows.sales_amount_7d as double) as health__spend_amount_7d,
        cast(windows.sales_amount_14d as double) as health__spend_amount_14d,
        cast(windows.sales_amount_28d as double) as health__spend_amount_28d,
        cast(windows.sales_amount_56d as double) as health__spend_amount_56d,
        cast(windows.sales_amount_84d as double) as health__spend_amount_84d,
        cast(windows.sales_amount_168d as double) as health__spend_amount_168d,
        cast(windows.visits_weight_14d as double) / 1048576 as health__decayed_visits_14d,
        cast(windows.visits_weight_28d as double) / 1048576 as health__decayed_visits_28d,
        cast(windows.visits_weight_56d as double) / 1048576 as health__decayed_visits_56d,
        cast(windows.sales_weight_28d as double) / 1048576 as health__decayed_spend_amount_28d,
        cast(windows.sales_weight_56d as double) / 1048576 as health__decayed_spend_amount_56d,
        cast(windows.sales_weight_112d as double) / 1048576 as health__decayed_spend_amount_112d,
        intervals.n_intervals as health__n_intervals,
        intervals.median_interval_days as health__median_interval_days,
        intervals.p90_interval_days as health__p90_interval_days,
        intervals.max_interval_days as health__max_interval_days,
        intervals.last_interval_days as health__last_interval_days,
        {{ spread('intervals.n_intervals', 'intervals.interval_days', 'intervals.squared_interval_days') }}
            as health__sd_interval_days,
        {{ share('intervals.absent_days * intervals.n_intervals', 'intervals.interval_days') }}
            as health__absence_over_mean_interval,
        {{ share('intervals.absent_days', 'intervals.p90_interval_days') }} as health__absence_over_p90_interval,
        {{ share('intervals.absent_days', 'intervals.max_interval_days') }} as health__absence_over_max_interval,
        {{ share('2 * intervals.n_intervals_28d_longer + 1', '2 * intervals.n_intervals_as_long + 4') }}
            as health__own_lapse_share,
        {{ share('intervals.n_days_before_absence', 'intervals.known_days') }} as health__absent_share,
        weeks.n_active_weeks_4w as health__n_active_weeks_4w,
        weeks.n_active_weeks_8w as health__n_active_weeks_8w,
        weeks.n_active_weeks_12w as health__n_active_weeks_12w,
        weeks.n_active_weeks_24w as health__n_active_weeks_24w,
        cast(weeks.visits_slope_12w as double) / 286 as health__visits_slope,
        cast(weeks.sales_slope_12w as double) / 286 as health__spend_slope_amount,
        {{ spread('weeks.n_weeks_12w', 'weeks.sales_amount_12w', 'weeks.squared_sales_amount_12w') }}
            as health__sd_week_amount,
        {{ share('weeks.month_amounts', 'weeks.n_months') }} as health__mean_month_amount,
        {{ spread('weeks.n_months', 'weeks.month_amounts', 'weeks.squared_month_amounts') }} as health__sd_month_amount,
        cast(weeks.min_month_amount as double) as health__min_month_amount,
        cast(weeks.median_month_amount as double) as health__median_month_amount,
        cast(weeks.max_month_amount as double) as health__max_month_amount,
        {{ share('weeks.n_empty_months', 'weeks.n_months') }} as health__empty_month_share,
        {{ share('weeks.n_months_below_half_of_now', 'weeks.n_months') }} as health__below_half_share,
        {{ share('weeks.n_month_drops', 'weeks.n_month_pairs') }} as health__drop_share,
        {{ share('windows.sales_amount_28d * weeks.n_months', 'weeks.month_amounts') }}
            as health__spend_over_mean_month,
        {{ share('3 * windows.sales_amount_28d', 'windows.sales_amount_84d') }} as health__spend_over_84d,
        {{ share('3 * windows.n_visits_28d', 'windows.n_visits_84d') }} as health__visits_over_84d,
        {{ share('windows.sales_amount_28d', 'windows.n_visits_28d') }} as health__visit_amount_28d,
        {{ share('windows.sales_amount_84d', 'windows.n_visits_84d') }} as health__visit_amount_84d,
        cast(windows.largest_day_amount_28d as double) as health__largest_day_amount_28d,
        {{ share('windows.largest_day_amount_28d', 'windows.sales_amount_28d') }} as health__largest_day_share_28d,
        cast(windows.last_visit_amount as double) as health__last_visit_amount,
        {{ share('windows.last_visit_amount * windows.n_visits_84d', 'windows.sales_amount_84d') }}
            as health__last_visit_over_mean,
        {{ share('windows.n_purchase_lines_84d', 'windows.n_visits_84d') }} as health__lines_per_visit_84d,
        {{ share('windows.n_weekend_visits_84d', 'windows.n_visits_84d') }} as health__weekend_share_84d
    from windows
    inner join intervals
        on
            windows.as_of_date = intervals.as_of_date
            and windows.customer_id = intervals.customer_id
    inner join weeks
        on
            windows.as_of_date = weeks.as_of_date
            and windows.customer_id = weeks.customer_id
)

select * from final
