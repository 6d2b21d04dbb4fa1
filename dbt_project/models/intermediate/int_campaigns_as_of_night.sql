with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

campaigns as (
    select * from {{ ref('stg_campaigns') }}
),

plans as (
    select * from {{ ref('stg_campaign_plans') }}
),

planned as (
    select distinct plans.campaign_id
    from plans
    inner join nights on plans.arrived_date < nights.night_date
),

known as (
    select
        nights.night_date,
        campaigns.campaign_id,
        coalesce(campaigns.campaign_type, '') as campaign_type,
        campaigns.start_date,
        campaigns.end_date
    from campaigns
    inner join nights on campaigns.arrived_date < nights.night_date
    qualify row_number() over (
        partition by campaigns.campaign_id
        order by
            campaigns.arrived_at desc, campaigns.start_date desc, campaigns.end_date desc,
            campaigns.campaign_type
    ) = 1
),

final as (
    select
        known.night_date,
        known.campaign_id,
        known.campaign_type,
        known.start_date,
        known.end_date,
        least(known.start_date, known.night_date) as cut_date,
        known.end_date >= known.night_date as is_open
    from known
    left join planned on known.campaign_id = planned.campaign_id
    where
        known.end_date >= known.start_date
        and (
            known.start_date <= known.night_date + cast({{ var('campaigns_ahead_days') }} as integer)
            or planned.campaign_id is not null
        )
)

select * from final
