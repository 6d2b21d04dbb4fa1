with source as (
    select * from {{ source('raw', 'holidays') }}
),

final as (
    select
        holiday_date,
        holiday_name,
        coalesce(holiday_kind, holiday_name) as holiday_kind,
        arrived_at,
        arrived_date
    from source
)

select * from final
