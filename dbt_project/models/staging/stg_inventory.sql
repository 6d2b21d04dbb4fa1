with source as (
    select * from {{ source('raw', 'inventory') }}
),

final as (
    select
        product_id,
        location_id,
        stock_date,
        on_hand_quantity,
        on_order_quantity,
        lead_time_days,
        pack_size,
        min_order_quantity,
        unit_cost_amount,
        unit_margin_amount,
        holding_cost_amount,
        arrived_at,
        arrived_date
    from source
)

select * from final
