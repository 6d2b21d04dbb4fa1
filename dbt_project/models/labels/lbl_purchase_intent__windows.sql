-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with dates as (
    select * from {{ ref('int_as_of_dates') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        as_of_date,
        as_of_date + {{ var('horizon_days') }} - 1 as window_end_date,
        as_of_date + {{ var('horizon_days') }} - 1 <= date '{{ var("complete_through") }}' as is_closed
    from dates
)

select * from final
