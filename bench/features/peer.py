"""The peer: for every date, filter the lines known by then, join, group by, append. What everyone writes.

Plain SQL in DuckDB, on as many threads as ours. It is given an advantage: what does not depend on the date (the lines
with their products, and which of them were promoted) is computed once for all dates, and versions of a row are not
looked for, since the data set has one of each. The queries are those of ``tests/dbt_project/brute_force.py``.

    python -m bench.features.peer WAREHOUSE OUTPUT THREADS DATE...
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import duckdb
from tests.dbt_project.brute_force import BruteForce

TABLES = ("ftr_customer", "ftr_customer_category", "ftr_category")


class Peer(BruteForce):
    """Fills ``TABLES`` in the database at ``output``, one date after the other."""

    def __init__(self, warehouse: Path, output: Path, threads: int) -> None:
        self.connection = duckdb.connect(str(output), config={"threads": threads})
        self.connection.execute(f"""
            attach '{warehouse}' as warehouse (read_only);
            set TimeZone = 'UTC';
            create macro weight(age) as cast(round(pow(2, 20) * pow(0.5, age / 28.0)) as bigint);
            create temp table product as from warehouse.raw.products;
            create temp table promoted as
            select distinct l.order_line_id
            from warehouse.raw.order_lines as l
            inner join warehouse.raw.promotions as r
                on r.product_id = l.product_id and l.order_date between r.start_date and r.end_date
                and r.arrived_date <= greatest(l.arrived_date, l.order_date);
            create temp table history as
            select
                l.*, p.category_id, l.quantity > 0 and l.sales_amount >= 0 as bought,
                l.order_line_id in (from promoted) as promoted
            from warehouse.raw.order_lines as l left join product as p using (product_id)
            where not l.is_cancelled
        """)

    def fill(self, as_of: date) -> None:
        """Append the features at ``as_of``."""
        self.day = f"date '{as_of}'"
        self.connection.execute(f"""
            create or replace temp view line as
            from history where order_date < {self.day} and arrived_date < {self.day};
            create or replace temp table trip as
            select distinct customer_id, order_id, order_date from line where bought;
            create or replace temp table pair_trip as
            select distinct customer_id, category_id, order_id, order_date from line
            where bought and category_id is not null;
            create or replace temp view contact as
            from warehouse.raw.campaign_contacts where contact_date < {self.day} and arrived_date < {self.day};
        """)
        for table, select in zip(TABLES, (self.customers, self.pairs, self.categories), strict=True):
            self.table = table
            select()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Append the query's rows to its table in the place of returning them, unsorted."""
        unsorted = query[: query.rindex("order by")].replace("{D}", self.day)
        exists = self.connection.execute("select 1 from duckdb_tables() where table_name = ?", [self.table]).fetchone()
        begin = f"insert into {self.table}" if exists else f"create table {self.table} as"
        self.connection.execute(f"{begin} select {self.day} as as_of_date, * from ({unsorted})")
        return []


def main() -> None:
    warehouse, output, threads, *dates = sys.argv[1:]
    peer = Peer(Path(warehouse), Path(output), int(threads))
    for day in dates:
        peer.fill(date.fromisoformat(day))
    peer.connection.close()


if __name__ == "__main__":
    main()
