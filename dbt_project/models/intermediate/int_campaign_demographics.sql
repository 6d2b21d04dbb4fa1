with cuts as (
    select * from {{ ref('int_campaign_cuts') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

known as (
    select
        cuts.cut_date,
        customers.*
    from customers
    inner join cuts
        on
            customers.customer_id = cuts.customer_id
            and customers.arrived_date < cuts.cut_date
    qualify row_number() over (
        partition by cuts.cut_date, customers.customer_id
        order by {{ newest_customer_row_first() }}
    ) = 1
),

final as (
    select
        customer_id,
        cut_date,
        {{ demographic_features() }}
    from known
)

select * from final
