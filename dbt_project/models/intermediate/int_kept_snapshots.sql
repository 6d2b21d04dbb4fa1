{{ config(materialized='table') }}

{%- set previous = load_relation(this) if execute else none %}

with known as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        0 as n_runs_ago
    {%- if previous is not none %}
    union all
    select
        snapshot_id,
        n_runs_ago + 1 as n_runs_ago
    from {{ this }}
    where snapshot_id != '{{ var("snapshot_id") }}'
    {%- endif %}
),

final as (
    select
        snapshot_id,
        n_runs_ago
    from known
    order by n_runs_ago, snapshot_id
    limit {{ var('snapshots_to_keep') }}
)

select * from final
