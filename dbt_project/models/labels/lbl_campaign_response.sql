-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with campaigns as (
    select * from {{ ref('int_campaigns_as_of_night') }}
    where not is_open
),

customers as (
    select * from {{ ref('int_campaign_customers') }}
),

responses as (
    select * from {{ ref('stg_campaign_responses') }}
),

responded as (
    select distinct
        campaigns.campaign_id,
        responses.customer_id
    from responses
    inner join campaigns
        on
            responses.campaign_id = campaigns.campaign_id
            and responses.response_date between campaigns.start_date and campaigns.end_date
            and responses.arrived_date < campaigns.night_date
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        campaigns.night_date as as_of_date,
        customers.customer_id,
        customers.campaign_id,
        campaigns.end_date,
        case
            when campaigns.end_date <= date '{{ var("complete_through") }}'
                then cast(responded.customer_id is not null as integer)
        end as has_responded
    from customers
    inner join campaigns on customers.campaign_id = campaigns.campaign_id
    left join responded
        on
            customers.campaign_id = responded.campaign_id
            and customers.customer_id = responded.customer_id
)

select * from final
