{{ config(materialized='view') }}

with dates as (
    select * from {{ ref('int_as_of_dates') }}
),

contacts as (
    select * from {{ ref('stg_campaign_contacts') }}
),

known as (
    select
        dates.as_of_date,
        contacts.campaign_id,
        contacts.customer_id,
        contacts.contact_date
    from contacts
    inner join dates on contacts.arrived_date < dates.as_of_date
    qualify row_number() over (
        partition by dates.as_of_date, contacts.campaign_id, contacts.customer_id
        order by contacts.arrived_at desc, contacts.contact_date desc
    ) = 1
),

final as (
    select * from known
    where contact_date < as_of_date
)

select * from final
