with requested as (
    select distinct unnest({{ as_of_dates() }}) as as_of_date
),

final as (
    select
        as_of_date,
        max(as_of_date) over () as night_date,
        min(as_of_date) over () as first_date
    from requested
)

select * from final
