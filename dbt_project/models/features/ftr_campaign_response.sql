-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with customers as (
    select * from {{ ref('int_campaign_customers') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_as_of_night') }}
),

types as (
    select * from {{ ref('int_campaign_types') }}
),

customer_features as (
    select * from {{ ref('int_campaign_customer_features') }}
),

match_features as (
    select * from {{ ref('int_campaign_match_features') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        campaigns.night_date as as_of_date,
        customers.customer_id,
        customers.campaign_id,
        customers.cut_date,
        campaigns.end_date,
        customers.is_open,
        cast(types.days_to_end as integer) as days_to_end,
        types.type_response_share as campaign__type_response_share,
        cast(types.n_coupons as integer) as campaign__n_coupons,
        cast(types.n_products as integer) as campaign__n_products,
        cast(types.duration_days as integer) as campaign__duration_days,
        customer_features.* exclude (customer_id, cut_date),  -- noqa: RF02
        match_features.* exclude (campaign_id, customer_id)  -- noqa: RF02
    from customers
    inner join campaigns on customers.campaign_id = campaigns.campaign_id
    inner join types on customers.campaign_id = types.campaign_id
    inner join customer_features
        on
            customers.customer_id = customer_features.customer_id
            and customers.cut_date = customer_features.cut_date
    inner join match_features
        on
            customers.campaign_id = match_features.campaign_id
            and customers.customer_id = match_features.customer_id
)

select * from final
