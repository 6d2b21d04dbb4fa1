with customers as (
    select * from {{ ref('int_campaign_customers') }}
),

final as (
    select distinct
        customer_id,
        cut_date
    from customers
)

select * from final
