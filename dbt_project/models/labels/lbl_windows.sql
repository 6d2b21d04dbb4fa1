-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with dates as (
    select * from {{ ref('int_label_dates') }}
),

horizons as (
    select unnest({{ var('horizons_days') }}) as horizon_days
),

measured as (
    select
        dates.as_of_date,
        dates.night_date,
        cast(horizons.horizon_days as integer) as horizon_days,
        dates.as_of_date + cast(horizons.horizon_days as integer) - 1 as window_end_date
    from dates
    cross join horizons
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        as_of_date,
        horizon_days,
        window_end_date,
        -- What a training at the night may know of a window: what had arrived before the night, or, where the
        -- window reaches past the night, by its own close.
        greatest(night_date, window_end_date + 1) as known_before_date,
        window_end_date <= date '{{ var("complete_through") }}' as is_closed
    from measured
)

select * from final
