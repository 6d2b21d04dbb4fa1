"""What the shop had sold by week before a night, straight from the landed order lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class WeeklySales:
    """Sales of the weeks before a night, oldest first, a week being 7 days and the last one ending the day before.

    ``units`` is by product and by category, ``amount`` by category; what was not sold at all has no entry.
    """

    n_weeks: int
    units_of_product: dict[str, tuple[float, ...]]
    units_of_category: dict[str, tuple[float, ...]]
    amount_of_category: dict[str, tuple[float, ...]]


def read_weekly_sales(
    order_files: Sequence[Path], product_files: Sequence[Path], *, as_of: date, n_weeks: int, products: Sequence[str]
) -> WeeklySales | None:
    """Return what had been sold and had arrived before ``as_of``; None where there is nothing to read.

    Of a line (and of a product) that came again, the version that arrived last before ``as_of`` counts. Returns are
    taken off, and cancelled lines left out.

    Parameters
    ----------
    products
        Those that are returned one by one.
    """
    if not order_files or not product_files:
        return None
    since = as_of - timedelta(weeks=n_weeks)
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        rows = connection.execute(
            """
            with known as (
                select
                    order_line_id, product_id, order_date, quantity, sales_amount, is_cancelled, arrived_at, ordered_at
                from read_parquet($lines) where order_date < $as_of and arrived_date < $as_of
            ),

            versions as (
                -- every version of a line that any version dates into these weeks: a correction may have moved it
                select * from known where order_line_id in (select order_line_id from known where order_date >= $since)
                qualify row_number() over (partition by order_line_id order by arrived_at desc, ordered_at desc) = 1
            ),

            products as (
                select product_id, category_id from read_parquet($products) where arrived_date < $as_of
                qualify row_number() over (partition by product_id order by arrived_at desc) = 1
            )

            select
                if(list_contains($shown::varchar[], versions.product_id), versions.product_id, null) as product,
                products.category_id, (versions.order_date - $since) // 7 as week, sum(quantity)::double,
                sum(sales_amount)::double
            from versions inner join products using (product_id)
            where not coalesce(versions.is_cancelled, false) and versions.order_date >= $since
                and products.category_id is not null
            group by all order by all
            """,
            {
                "lines": [str(path) for path in order_files],
                "products": [str(path) for path in product_files],
                "as_of": as_of,
                "since": since,
                "shown": list(products),
            },
        ).fetchall()
    units_of_product: dict[str, list[float]] = {}
    units: dict[str, list[float]] = {}
    amount: dict[str, list[float]] = {}
    for product, category, week, n_units, sold in rows:
        _add(units, category, week, n_units, n_weeks)
        _add(amount, category, week, sold, n_weeks)
        if product is not None:
            _add(units_of_product, product, week, n_units, n_weeks)
    return WeeklySales(n_weeks, _frozen(units_of_product), _frozen(units), _frozen(amount))


def _add(sums: dict[str, list[float]], key: str, week: int, value: float, n_weeks: int) -> None:
    sums.setdefault(key, [0.0] * n_weeks)[week] += value


def _frozen(sums: dict[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {key: tuple(values) for key, values in sums.items()}
