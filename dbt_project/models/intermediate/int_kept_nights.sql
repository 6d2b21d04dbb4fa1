{{ config(materialized='table') }}

{%- set previous = load_relation(this) if execute else none %}

with built as (
    select * from {{ ref('int_as_of_dates') }}
),

labelled as (
    select * from {{ ref('int_label_dates') }}
),

requested as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        labelled.night_date,
        labelled.as_of_date,
        built.as_of_date is not null as has_features,
        0 as n_runs_ago
    from labelled
    left join built on labelled.as_of_date = built.as_of_date
    {%- if previous is not none %}
    union all
    select
        snapshot_id,
        night_date,
        as_of_date,
        has_features,
        n_runs_ago + 1 as n_runs_ago
    from {{ this }}
    {%- endif %}
),

-- A night that is run again is as new as its newest run, and keeps what any of its runs asked for.
nights as (
    select
        snapshot_id,
        night_date,
        min(n_runs_ago) as n_runs_ago,
        count(distinct as_of_date) filter (where has_features) > 1 as has_trained
    from requested
    group by snapshot_id, night_date
),

snapshots as (
    select
        snapshot_id,
        row_number() over (order by min(n_runs_ago), snapshot_id) as nth_newest
    from nights
    group by snapshot_id
),

ranked as (
    select
        snapshot_id,
        night_date,
        n_runs_ago,
        row_number() over (partition by snapshot_id order by n_runs_ago, night_date) as nth_newest,
        row_number() over (
            partition by snapshot_id order by not has_trained, n_runs_ago, night_date
        ) = 1 as is_newest_training
    from nights
),

final as (
    select
        requested.snapshot_id,
        requested.night_date,
        requested.as_of_date,
        bool_or(requested.has_features) as has_features,
        ranked.n_runs_ago
    from requested
    inner join ranked
        on requested.snapshot_id = ranked.snapshot_id and requested.night_date = ranked.night_date
    inner join snapshots on requested.snapshot_id = snapshots.snapshot_id
    where
        snapshots.nth_newest <= {{ var('snapshots_to_keep') }}
        and (ranked.nth_newest <= {{ var('nights_to_keep') }} or ranked.is_newest_training)
    group by requested.snapshot_id, requested.night_date, requested.as_of_date, ranked.n_runs_ago
)

select * from final
