-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

coupons as (
    select * from {{ ref('int_campaign_coupons') }}
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        nights.night_date as as_of_date,
        coupons.campaign_id,
        coupons.coupon_id,
        coupons.product_id
    from coupons
    cross join nights
)

select * from final
