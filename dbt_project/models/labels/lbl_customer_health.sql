-- depends_on: {{ ref('int_kept_snapshots') }} (rows of other snapshots are forgotten, see macros/by_date.sql)
with closed_windows as (
    select * from {{ ref('lbl_windows') }}
    where snapshot_id = '{{ var("snapshot_id") }}' and is_closed and horizon_days in (28, 56)
),

dates as (
    select * from {{ ref('int_label_dates') }}
),

order_lines as (
    select * from {{ ref('int_order_line_versions') }}
),

-- Each window with the 28 days before it, all as known when the window is read.
observed as (
    select
        closed_windows.as_of_date,
        closed_windows.horizon_days,
        order_lines.customer_id,
        order_lines.order_date >= closed_windows.as_of_date as is_in_window,
        order_lines.order_date,
        order_lines.is_purchase,
        order_lines.sales_amount
    from order_lines
    inner join closed_windows
        on
            order_lines.order_date between closed_windows.as_of_date - 28 and closed_windows.window_end_date
            and {{ is_known_at('order_lines', 'closed_windows.known_before_date') }}
    where not order_lines.is_cancelled
),

happened as (
    select
        as_of_date,
        customer_id,
        {%- for days in [28, 56] %}
        min(order_date) filter (where is_in_window and is_purchase and horizon_days = {{ days }})
            as next_order_date_{{ days }}d,
        coalesce(sum(sales_amount) filter (where is_in_window and horizon_days = {{ days }}), 0)
            as sales_amount_{{ days }}d,
        {%- endfor %}
        coalesce(sum(sales_amount) filter (where not is_in_window and horizon_days = 28), 0) as sales_amount_before
    from observed
    group by as_of_date, customer_id
),

-- Who had bought before the date, by what is known when the window is read: nobody of whom the shop hears later.
customers as (
    select distinct
        closed_windows.as_of_date,
        order_lines.customer_id
    from order_lines
    inner join closed_windows
        on
            order_lines.order_date < closed_windows.as_of_date
            and {{ is_known_at('order_lines', 'closed_windows.known_before_date') }}
    where closed_windows.horizon_days = 28
),

origins as (
    select
        dates.as_of_date,
        bool_or(closed_windows.horizon_days = 56) as has_long_window
    from dates
    inner join closed_windows on dates.as_of_date = closed_windows.as_of_date
    group by dates.as_of_date
    having bool_or(closed_windows.horizon_days = 28)
),

final as (
    select
        '{{ var("snapshot_id") }}' as snapshot_id,
        origins.as_of_date,
        customers.customer_id,
        cast(happened.next_order_date_56d - origins.as_of_date as integer) as days_to_next_visit,
        cast(
            case when origins.has_long_window then coalesce(happened.next_order_date_56d - origins.as_of_date, 56) end
            as integer
        ) as days_without_visit,
        cast(
            case when origins.has_long_window then coalesce(happened.sales_amount_56d, 0) end as double
        ) as spend_amount_56d,
        cast(happened.next_order_date_28d is null as integer) as has_lapsed,
        cast(
            case
                when happened.sales_amount_before > 0 then 2 * happened.sales_amount_28d < happened.sales_amount_before
            end as integer
        ) as has_dropped_spend
    from origins
    inner join customers on origins.as_of_date = customers.as_of_date
    left join happened
        on
            origins.as_of_date = happened.as_of_date
            and customers.customer_id = happened.customer_id
)

select * from final
