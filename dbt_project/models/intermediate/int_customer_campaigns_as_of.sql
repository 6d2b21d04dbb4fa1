{{ config(materialized='view') }}

with contacts as (
    select * from {{ ref('int_campaign_contacts_as_of') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

dates as (
    select * from {{ ref('int_as_of_dates') }}
),

contacted as (
    select
        as_of_date,
        customer_id,
        count(*) as n_contacts_84d
    from contacts
    where contact_date >= as_of_date - 84
    group by as_of_date, customer_id
),

known_responses as (
    select distinct
        dates.as_of_date,
        responses.customer_id,
        responses.campaign_id,
        responses.coupon_id,
        responses.response_date
    from responses
    inner join dates
        on
            responses.response_date < dates.as_of_date
            and responses.arrived_date < dates.as_of_date
),

responded as (
    select
        as_of_date,
        customer_id,
        count(*) as n_responses
    from known_responses
    group by as_of_date, customer_id
),

final as (
    select
        coalesce(contacted.as_of_date, responded.as_of_date) as as_of_date,
        coalesce(contacted.customer_id, responded.customer_id) as customer_id,
        coalesce(contacted.n_contacts_84d, 0) as n_contacts_84d,
        coalesce(responded.n_responses, 0) as n_responses
    from contacted
    full outer join responded
        on
            contacted.as_of_date = responded.as_of_date
            and contacted.customer_id = responded.customer_id
)

select * from final
