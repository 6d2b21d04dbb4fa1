-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

holidays as (
    select * from {{ ref('stg_holidays') }}
),

-- Only what the night knows: a later version replaces nothing yet.
versions as (
    select
        nights.night_date as as_of_date,
        holidays.holiday_name,
        holidays.holiday_kind,
        holidays.holiday_date,
        holidays.arrived_date,
        lead(holidays.arrived_date, 1, {{ end_of_time() }}) over (
            partition by holidays.holiday_date, holidays.holiday_name
            order by holidays.arrived_at, holidays.holiday_kind
        ) as superseded_date
    from holidays
    inner join nights on holidays.arrived_date < nights.night_date
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        *
    from versions
)

select * from final
