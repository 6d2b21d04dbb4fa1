{{ config(materialized='view') }}

with dates as (
    select * from {{ ref('int_as_of_dates') }}
),

campaigns as (
    select * from {{ ref('stg_campaigns') }}
),

known as (
    select
        dates.as_of_date,
        campaigns.campaign_id,
        campaigns.start_date,
        campaigns.end_date
    from campaigns
    inner join dates on campaigns.arrived_date < dates.as_of_date
    qualify row_number() over (
        partition by dates.as_of_date, campaigns.campaign_id
        order by campaigns.arrived_at desc, campaigns.start_date desc, campaigns.end_date desc
    ) = 1
),

final as (
    select
        as_of_date,
        campaign_id
    from known
    where as_of_date - 1 between start_date and end_date
)

select * from final
