"""What the shop had seen of a few customers before a night, straight from the landed order lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from nightmarket.report.households import History


def read_histories(
    order_files: Sequence[Path], customers: Sequence[str], *, as_of: date, days: int
) -> dict[str, History]:
    """Return what had happened and arrived before ``as_of``, of each customer; without files, nothing.

    Of a line that came again, the version that arrived last before ``as_of`` counts. Orders and amount are
    those of the last ``days``; the days since the last order look back as far as there are lines.
    """
    if not order_files or not customers:
        return {}
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        rows = connection.execute(
            """
            with versions as (
                select * from read_parquet($files)
                where customer_id in (select unnest($customers::varchar[]))
                    and order_date < $as_of and arrived_date < $as_of
                qualify row_number() over (partition by order_line_id order by arrived_at desc, ordered_at desc) = 1
            )
            select
                customer_id,
                count(distinct order_id) filter (order_date >= $since),
                coalesce(sum(sales_amount) filter (order_date >= $since), 0)::double,
                $as_of - max(order_date)
            from versions where not is_cancelled and quantity > 0 group by 1
            """,
            {
                "files": [str(path) for path in order_files],
                "customers": list(customers),
                "as_of": as_of,
                "since": as_of - timedelta(days=days),
            },
        ).fetchall()
    return {customer: History(days, int(n), float(amount), int(last)) for customer, n, amount, last in rows}
