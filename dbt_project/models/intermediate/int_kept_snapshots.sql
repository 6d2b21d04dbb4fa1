with nights as (
    select * from {{ ref('int_kept_nights') }}
),

final as (
    select
        snapshot_id,
        min(n_runs_ago) as n_runs_ago,
        coalesce(list(distinct as_of_date) filter (where has_features), []) as feature_dates,
        list(distinct as_of_date) as label_dates
    from nights
    group by snapshot_id
)

select * from final
