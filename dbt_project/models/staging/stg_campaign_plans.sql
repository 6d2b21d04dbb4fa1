with source as (
    select * from {{ source('raw', 'campaign_plans') }}
),

final as (
    select
        campaign_id,
        budget_amount,
        cost_per_contact_amount,
        value_per_response_amount,
        margin_pct,
        holdout_pct,
        arrived_at,
        arrived_date
    from source
)

select * from final
