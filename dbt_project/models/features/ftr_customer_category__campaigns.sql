-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with contacts as (
    select * from {{ ref('int_campaign_contacts_as_of') }}
    where as_of_date in (select unnest({{ pair_dates() }}))
),

active_campaigns as (
    select * from {{ ref('int_active_campaigns_as_of') }}
),

campaign_products as (
    select * from {{ ref('stg_campaign_products') }}
),

products as (
    select * from {{ ref('int_product_versions') }}
),

campaign_categories as (
    select distinct
        active_campaigns.as_of_date,
        active_campaigns.campaign_id,
        products.category_id
    from active_campaigns
    inner join campaign_products
        on
            active_campaigns.campaign_id = campaign_products.campaign_id
            and active_campaigns.as_of_date > campaign_products.arrived_date
    inner join products
        on
            campaign_products.product_id = products.product_id
            and {{ is_known_at('products', 'active_campaigns.as_of_date') }}
    where products.category_id is not null
),

final as (
    select distinct
        '{{ var("snapshot_id") }}' as snapshot_id,
        contacts.as_of_date,
        contacts.customer_id,
        campaign_categories.category_id
    from contacts
    inner join campaign_categories
        on
            contacts.as_of_date = campaign_categories.as_of_date
            and contacts.campaign_id = campaign_categories.campaign_id
)

select * from final
