-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with nights as (
    select max(as_of_date) as night_date from {{ ref('int_as_of_dates') }}
),

inventory as (
    select * from {{ ref('stg_inventory') }}
),

-- Only what the night knows: a later count replaces nothing yet.
counts as (
    select
        inventory.product_id,
        inventory.stock_date,
        inventory.on_hand_quantity,
        inventory.arrived_date,
        coalesce(min(inventory.arrived_date) over (
            partition by inventory.product_id, inventory.location_id, inventory.stock_date
            order by inventory.arrived_at, inventory.on_hand_quantity
            rows between 1 following and unbounded following
        ), {{ end_of_time() }}) as superseded_date
    from inventory
    inner join nights
        on
            inventory.stock_date < nights.night_date
            and inventory.arrived_date < nights.night_date
),

changes as (
    select distinct
        product_id,
        stock_date,
        arrived_date
    from counts
),

stocks as (
    select
        changes.product_id,
        changes.stock_date,
        changes.arrived_date,
        -- A count below 0 is no empty shelf: the books say that more was sold than had been booked in.
        bool_or(counts.on_hand_quantity <> 0) as is_in_stock,
        lead(changes.arrived_date, 1, {{ end_of_time() }}) over (
            partition by changes.product_id, changes.stock_date
            order by changes.arrived_date
        ) as superseded_date
    from changes
    inner join counts
        on
            changes.product_id = counts.product_id
            and changes.stock_date = counts.stock_date
            and changes.arrived_date >= counts.arrived_date
            and changes.arrived_date < counts.superseded_date
    group by changes.product_id, changes.stock_date, changes.arrived_date
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        nights.night_date as as_of_date,
        stocks.product_id,
        stocks.stock_date,
        stocks.arrived_date,
        stocks.superseded_date
    from stocks
    cross join nights
    where not stocks.is_in_stock
)

select * from final
