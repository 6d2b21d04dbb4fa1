-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

inventory as (
    select * from {{ ref('stg_inventory') }}
),

known as (
    select
        nights.night_date,
        inventory.*
    from inventory
    inner join nights
        on
            inventory.stock_date < nights.night_date
            and inventory.arrived_date < nights.night_date
    -- The newest count, in the newest version of it that had arrived.
    qualify row_number() over (
        partition by inventory.product_id, inventory.location_id
        order by
            inventory.stock_date desc, inventory.arrived_at desc, inventory.on_hand_quantity,
            inventory.on_order_quantity
    ) = 1
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        night_date as as_of_date,
        product_id,
        location_id,
        cast(on_hand_quantity as decimal(18, 4)) as on_hand,
        cast(on_order_quantity as decimal(18, 4)) as on_order,
        lead_time_days,
        cast(pack_size as decimal(18, 4)) as pack_size,
        cast(min_order_quantity as decimal(18, 4)) as min_order_quantity,
        cast(unit_cost_amount as decimal(18, 4)) as unit_cost_amount,
        cast(unit_margin_amount as decimal(18, 4)) as unit_margin_amount,
        cast(holding_cost_amount as decimal(18, 4)) as holding_cost_amount,
        stock_date
    from known
)

select * from final
