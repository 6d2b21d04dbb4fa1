{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('ftr_customer') }}
    where is_active
),

rhythm as (
    select * from {{ ref('ftr_customer__rhythm') }}
),

final as (
    select
        customers.snapshot_id,
        customers.as_of_date,
        customers.customer_id,
        customers.customer__days_since_last_order,
        customers.customer__n_orders,
        customers.customer__days_since_first_order,
        customers.customer__n_categories_28d,
        customers.customer__n_categories_84d,
        customers.customer__n_categories,
        customers.customer__mean_interval_days,
        customers.customer__discount_pct_84d,
        customers.customer__coupon_pct_84d,
        customers.customer__promoted_share_84d,
        customers.customer__n_campaign_contacts_84d,
        customers.customer__n_campaign_responses,
        customers.customer__age_rank,
        customers.customer__income_rank,
        customers.customer__household_size,
        customers.customer__n_children,
        customers.customer__is_homeowner,
        customers.customer__has_demographics,
        rhythm.health__n_visits_7d,
        rhythm.health__n_visits_14d,
        rhythm.health__n_visits_28d,
        rhythm.health__n_visits_56d,
        rhythm.health__n_visits_84d,
        rhythm.health__n_visits_168d,
        rhythm.health__spend_amount_7d,
        rhythm.health__spend_amount_14d,
        rhythm.health__spend_amount_28d,
        rhythm.health__spend_amount_56d,
        rhythm.health__spend_amount_84d,
        rhythm.health__spend_amount_168d,
        rhythm.health__decayed_visits_14d,
        rhythm.health__decayed_visits_28d,
        rhythm.health__decayed_visits_56d,
        rhythm.health__decayed_spend_amount_28d,
        rhythm.health__decayed_spend_amount_56d,
        rhythm.health__decayed_spend_amount_112d,
        rhythm.health__n_intervals,
        rhythm.health__median_interval_days,
        rhythm.health__p90_interval_days,
        rhythm.health__max_interval_days,
        rhythm.health__last_interval_days,
        rhythm.health__sd_interval_days,
        rhythm.health__absence_over_mean_interval,
        rhythm.health__absence_over_p90_interval,
        rhythm.health__absence_over_max_interval,
        rhythm.health__own_lapse_share,
        rhythm.health__absent_share,
        rhythm.health__n_active_weeks_4w,
        rhythm.health__n_active_weeks_8w,
        rhythm.health__n_active_weeks_12w,
        rhythm.health__n_active_weeks_24w,
        rhythm.health__visits_slope,
        rhythm.health__spend_slope_amount,
        rhythm.health__sd_week_amount,
        rhythm.health__mean_month_amount,
        rhythm.health__sd_month_amount,
        rhythm.health__min_month_amount,
        rhythm.health__median_month_amount,
        rhythm.health__max_month_amount,
        rhythm.health__empty_month_share,
        rhythm.health__below_half_share,
        rhythm.health__drop_share,
        rhythm.health__spend_over_mean_month,
        rhythm.health__spend_over_84d,
        rhythm.health__visits_over_84d,
        rhythm.health__visit_amount_28d,
        rhythm.health__visit_amount_84d,
        rhythm.health__largest_day_amount_28d,
        rhythm.health__largest_day_share_28d,
        rhythm.health__last_visit_amount,
        rhythm.health__last_visit_over_mean,
        rhythm.health__lines_per_visit_84d,
        rhythm.health__weekend_share_84d
    from customers
    inner join rhythm
        on
            customers.snapshot_id = rhythm.snapshot_id
            and customers.as_of_date = rhythm.as_of_date
            and customers.customer_id = rhythm.customer_id
)

select * from final
