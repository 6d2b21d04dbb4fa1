with cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

contacts as (
    select * from {{ ref('stg_campaign_contacts') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

contacted as (
    select
        cuts.customer_id,
        cuts.cut_date,
        contacts.campaign_id,
        cuts.cut_date - max(contacts.contact_date) as age_days
    from contacts
    inner join cuts
        on
            contacts.customer_id = cuts.customer_id
            and contacts.contact_date < cuts.cut_date
            and contacts.arrived_date < cuts.cut_date
    group by cuts.customer_id, cuts.cut_date, contacts.campaign_id
),

contacts_of_cuts as (
    select
        customer_id,
        cut_date,
        count(*) as n_contacts,
        count(*) filter (where age_days <= 84) as n_contacts_84d,
        min(age_days) as days_since_last_contact
    from contacted
    group by customer_id, cut_date
),

responded as (
    select distinct
        cuts.customer_id,
        cuts.cut_date,
        responses.campaign_id,
        responses.coupon_id,
        cuts.cut_date - responses.response_date as age_days
    from responses
    inner join cuts
        on
            responses.customer_id = cuts.customer_id
            and responses.response_date < cuts.cut_date
            and responses.arrived_date < cuts.cut_date
),

responses_of_cuts as (
    select
        customer_id,
        cut_date,
        count(distinct campaign_id) as n_campaigns_responded,
        count(*) filter (where age_days <= 84) as n_responses_84d,
        count(*) filter (where age_days <= 168) as n_responses_168d,
        sum({{ decay_weight('age_days', 84) }}) as decayed_responses_84d,
        sum({{ decay_weight('age_days', 168) }}) as decayed_responses_168d,
        min(age_days) as days_since_last_response
    from responded
    group by customer_id, cut_date
),

final as (
    select
        cuts.customer_id,
        cuts.cut_date,
        coalesce(contacts.n_contacts, 0) as n_contacts,
        coalesce(contacts.n_contacts_84d, 0) as n_contacts_84d,
        contacts.days_since_last_contact,
        coalesce(responses.n_campaigns_responded, 0) as n_campaigns_responded,
        coalesce(responses.n_responses_84d, 0) as n_responses_84d,
        coalesce(responses.n_responses_168d, 0) as n_responses_168d,
        coalesce(responses.decayed_responses_84d, 0) as decayed_responses_84d,
        coalesce(responses.decayed_responses_168d, 0) as decayed_responses_168d,
        responses.days_since_last_response
    from cuts
    left join contacts_of_cuts as contacts
        on cuts.customer_id = contacts.customer_id and cuts.cut_date = contacts.cut_date
    left join responses_of_cuts as responses
        on cuts.customer_id = responses.customer_id and cuts.cut_date = responses.cut_date
)

select * from final
