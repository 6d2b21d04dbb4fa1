with as_of_dates as (
    select * from {{ ref('int_as_of_dates') }}
),

closed_nights as (
    select distinct unnest({{ date_list(var('outcome_dates')) }}) as as_of_date
),

nights as (
    select max(as_of_date) as night_date from as_of_dates
),

requested as (
    select as_of_date from as_of_dates
    union
    select as_of_date from closed_nights
),

final as (
    select
        requested.as_of_date,
        nights.night_date
    from requested
    cross join nights
)

select * from final
