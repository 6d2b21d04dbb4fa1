with campaigns as (
    select * from {{ ref('int_campaigns_as_of_night') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

contacts as (
    select * from {{ ref('stg_campaign_contacts') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

sizes as (
    select
        campaign_id,
        count(distinct coupon_id) as n_coupons,
        count(distinct product_id) as n_products
    from coupons
    group by campaign_id
),

cuts as (
    select distinct cut_date from campaigns
),

-- Contacts of earlier campaigns that had 28 days to be answered, and whether they were, as known at the cut.
answered as (
    select distinct
        cuts.cut_date,
        campaigns.campaign_type,
        contacts.campaign_id,
        contacts.customer_id,
        responses.customer_id is not null as has_responded
    from contacts
    inner join cuts
        on
            contacts.contact_date < cuts.cut_date - 28
            and contacts.arrived_date < cuts.cut_date
    inner join campaigns on contacts.campaign_id = campaigns.campaign_id
    left join responses
        on
            contacts.campaign_id = responses.campaign_id
            and contacts.customer_id = responses.customer_id
            and cuts.cut_date > responses.response_date
            and cuts.cut_date > responses.arrived_date
),

rates as (
    select
        cut_date,
        campaign_type,
        count(*) as n_contacts,
        count(*) filter (where has_responded) as n_responders
    from answered
    group by cut_date, campaign_type
),

totals as (
    select
        cut_date,
        sum(n_contacts) as n_contacts,
        sum(n_responders) as n_responders
    from rates
    group by cut_date
),

final as (
    select
        campaigns.campaign_id,
        coalesce(sizes.n_coupons, 0) as n_coupons,
        coalesce(sizes.n_products, 0) as n_products,
        campaigns.end_date - campaigns.start_date + 1 as duration_days,
        campaigns.end_date - campaigns.night_date + 1 as days_to_end,
        -- A type with few contacts is taken for what all types bring: 50 contacts' worth of it.
        (coalesce(rates.n_responders, 0) + 50 * cast(totals.n_responders as double) / totals.n_contacts)
        / (coalesce(rates.n_contacts, 0) + 50) as type_response_share
    from campaigns
    left join sizes on campaigns.campaign_id = sizes.campaign_id
    left join totals on campaigns.cut_date = totals.cut_date
    left join rates
        on
            campaigns.cut_date = rates.cut_date
            and campaigns.campaign_type = rates.campaign_type
)

select * from final
