with campaigns as (
    select * from {{ ref('int_campaigns_as_of_night') }}
),

contacts as (
    select * from {{ ref('stg_campaign_contacts') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

contacted as (
    select distinct
        contacts.campaign_id,
        contacts.customer_id
    from contacts
    inner join campaigns
        on
            contacts.campaign_id = campaigns.campaign_id
            and contacts.arrived_date < campaigns.night_date
),

open_cuts as (
    select distinct cut_date from campaigns
    where is_open
),

active as (
    select distinct
        open_cuts.cut_date,
        order_lines.customer_id
    from order_lines
    inner join open_cuts
        on
            order_lines.order_date < open_cuts.cut_date
            and order_lines.order_date >= open_cuts.cut_date - cast({{ var('active_days') }} as integer)
            and {{ is_known_at('order_lines', 'open_cuts.cut_date') }}
    where order_lines.is_purchase and not order_lines.is_cancelled
),

eligible as (
    select
        campaigns.campaign_id,
        active.customer_id
    from active
    inner join campaigns on active.cut_date = campaigns.cut_date
    where campaigns.is_open
),

rows_of_campaigns as (
    select * from contacted
    union
    select * from eligible
),

final as (
    select
        campaigns.campaign_id,
        rows_of_campaigns.customer_id,
        campaigns.cut_date,
        campaigns.is_open
    from rows_of_campaigns
    inner join campaigns on rows_of_campaigns.campaign_id = campaigns.campaign_id
)

select * from final
