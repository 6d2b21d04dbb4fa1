with order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

final as (
    select order_line_id
    from order_lines
    where not is_too_late
    group by order_line_id
    having count(*) > 1
)

select * from final
