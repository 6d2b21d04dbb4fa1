"""The features again, straight from the raw lines, one date at a time, as slowly and plainly as can be.

Shares no SQL with the dbt project: per date, the newest known version of each line, then a group-by
over all lines for each table.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

LATE_LOOKBACK_DAYS = 90
PSEUDO = "COUPON|FUEL|GASOLINE|MISC"


class BruteForce:
    """Every feature at one ``as_of`` from the raw tables of the warehouse at ``path``."""

    def __init__(self, path: Path, as_of: date) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{path}' as warehouse (read_only)")
        self.connection.execute("create macro weight(age) as cast(round(pow(2, 20) * pow(0.5, age / 28.0)) as bigint)")
        self.day = f"date '{as_of}'"
        self._see()

    def _newest(self, table: str, key: str, more: str = "true") -> str:
        return f"""(
            select * from (
                select *, row_number() over (partition by {key} order by arrived_at desc) as nth
                from warehouse.raw.{table} where arrived_date < {self.day} and {more}
            ) where nth = 1
        )"""

    def _see(self) -> None:
        day = self.day
        self.connection.execute(f"""
            create table product as select * from {self._newest("products", "product_id")};
            create table line as
            select
                l.*, p.category_id, l.quantity > 0 and l.sales_amount >= 0 as bought,
                exists (
                    select 1 from warehouse.raw.promotions as r
                    where r.product_id = l.product_id and r.start_date <= l.order_date and r.end_date >= l.order_date
                    and r.arrived_date <= greatest(l.arrived_date, l.order_date)
                ) as promoted
            from {
            self._newest(
                "order_lines",
                "order_line_id",
                f"arrived_date <= order_date + {LATE_LOOKBACK_DAYS} and order_date < {day}",
            )
        } as l
            left join product as p using (product_id)
            where not l.is_cancelled;
            create table trip as select distinct customer_id, order_id, order_date from line where bought;
            create table pair_trip as
            select distinct customer_id, category_id, order_id, order_date from line
            where bought and category_id is not null;
            create table contact as
            select * from {self._newest("campaign_contacts", "campaign_id, customer_id")} where contact_date < {day};
            create table running as
            select * from {self._newest("campaigns", "campaign_id")}
            where start_date <= {day} - 1 and end_date >= {day} - 1;
        """)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query.replace("{D}", self.day)).fetchall()

    def customers(self) -> list[tuple[object, ...]]:
        """customer_id and its 23 features."""
        return self.rows("""
            with t as (
                select customer_id, {D} - max(order_date) as days_since_last,
                    count(*) filter (where order_date >= {D} - 28) as n28,
                    count(*) filter (where order_date >= {D} - 84) as n84, count(*) as n,
                    {D} - min(order_date) as days_since_first,
                    max(order_date) - min(order_date) as between_days, count(distinct order_date) - 1 as intervals
                from trip group by 1
            ), l as (
                select customer_id, coalesce(sum(sales_amount) filter (where order_date >= {D} - 28), 0) as spend28,
                    coalesce(sum(sales_amount) filter (where order_date >= {D} - 84), 0) as spend84,
                    sum(sales_amount + discount_amount + coupon_amount) filter (where order_date >= {D} - 84) as listed,
                    sum(discount_amount) filter (where order_date >= {D} - 84) as discount,
                    sum(coupon_amount) filter (where order_date >= {D} - 84) as coupon,
                    count(*) filter (where order_date >= {D} - 84 and bought) as lines,
                    count(*) filter (where order_date >= {D} - 84 and bought and promoted) as promoted,
                    count(distinct category_id) filter (where bought and order_date >= {D} - 28) as c28,
                    count(distinct category_id) filter (where bought and order_date >= {D} - 84) as c84,
                    count(distinct category_id) filter (where bought) as c
                from line group by 1
            ), contacted as (
                select customer_id, count(*) as n_contacts from contact where contact_date >= {D} - 84 group by 1
            ), answered as (
                select customer_id, count(*) as n_answers from (
                    select distinct customer_id, campaign_id, coupon_id, response_date
                    from warehouse.raw.campaign_responses where response_date < {D} and arrived_date < {D}
                ) group by 1
            )
            select customer_id, days_since_last, n28, n84, n, days_since_first, spend28::double, spend84::double,
                c28, c84, c, between_days::double / nullif(intervals, 0), (3 * n28)::double / nullif(n84, 0),
                case when listed > 0 then (100 * discount)::double / listed::double end,
                case when listed > 0 then (100 * coupon)::double / listed::double end,
                promoted::double / nullif(lines, 0), coalesce(n_contacts, 0), coalesce(n_answers, 0),
                case age_band when '19-24' then 19 when '25-34' then 25 when '35-44' then 35 when '45-54' then 45
                    when '55-64' then 55 when '65+' then 65 end,
                case when income_band = 'Under 15K' then 0 when income_band is not null
                    then regexp_extract(income_band, '\\d+')::integer end,
                replace(household_size, '+', '')::integer, replace(n_children, '+', '')::integer,
                case when home_ownership in ('Homeowner', 'Probable Homeowner') then 1
                    when home_ownership in ('Renter', 'Probable Renter') then 0 end,
                (age_band is not null)::integer
            from t join l using (customer_id) left join contacted using (customer_id)
            left join answered using (customer_id)
            left join (select * from warehouse.raw.customers where arrived_date < {D}) using (customer_id)
            order by customer_id
        """)

    def pairs(self) -> list[tuple[object, ...]]:
        """customer_id, category_id and the 14 features of pairs bought."""
        return self.rows("""
            with t as (
                select customer_id, category_id, count(*) as n, count(*) filter (where order_date >= {D} - 28) as n28,
                    count(*) filter (where order_date >= {D} - 84) as n84, {D} - max(order_date) as last,
                    {D} - min(order_date) as first, max(order_date) - min(order_date) as between_days,
                    count(distinct order_date) - 1 as intervals, sum(weight({D} - order_date)) as decayed,
                    count(*) filter (where order_date >= {D} - 56 and order_date < {D} - 28) as previous
                from pair_trip group by all
            ), l as (
                select customer_id, category_id, sum(sales_amount) as spend, sum(quantity) as units,
                    sum(discount_amount) as discount, sum(sales_amount + discount_amount + coupon_amount) as listed
                from line where order_date >= {D} - 84 group by all
            ), c as (
                select customer_id, count(distinct (order_id, order_date)) filter (where bought) as trips,
                    sum(sales_amount) filter (where order_date >= {D} - 84) as spend_all
                from line group by 1
            )
            select customer_id, category_id, n, n28, n84, last, first, between_days::double / nullif(intervals, 0),
                (last * intervals)::double / nullif(between_days, 0), coalesce(spend, 0)::double,
                coalesce(units, 0)::double,
                n::double / trips, case when spend_all > 0 then coalesce(spend, 0)::double / spend_all::double end,
                case when listed > 0 then (100 * discount)::double / listed::double end, decayed::double / 1048576,
                previous
            from t left join l using (customer_id, category_id) join c using (customer_id)
            order by customer_id, category_id
        """)

    def categories(self) -> list[tuple[object, ...]]:
        """category_id, its 12 features and whether it is eligible."""
        return self.rows(
            """
            with t as (
                select category_id, count(distinct customer_id) filter (where order_date >= {D} - 28) as c28,
                    count(distinct customer_id) filter (where order_date >= {D} - 84) as c84,
                    count(distinct customer_id) as c, count(*) filter (where order_date >= {D} - 28) as n28,
                    count(*) filter (where order_date >= {D} - 84) as n84
                from pair_trip group by 1
            ), p as (
                select category_id, sum(between_days) as between_days, sum(intervals) as intervals,
                    count(*) filter (where n > 1) as repeats
                from (
                    select customer_id, category_id, count(*) as n, max(order_date) - min(order_date) as between_days,
                        count(distinct order_date) - 1 as intervals
                    from pair_trip group by all
                ) group by 1
            ), l as (
                select category_id, sum(sales_amount) filter (where recent) as spend,
                    sum(quantity) filter (where recent) as units,
                    sum(discount_amount) filter (where recent) as discount,
                    sum(sales_amount + discount_amount + coupon_amount) filter (where recent) as listed,
                    count(*) filter (where bought and order_date >= {D} - 28) as lines,
                    count(*) filter (where bought and promoted and order_date >= {D} - 28) as promoted,
                    count(distinct product_id) filter (where bought) as products
                from (select *, order_date >= {D} - 84 as recent from line)
                -- A customer who only ever returned says nothing about a category.
                semi join pair_trip using (customer_id, category_id)
                group by 1
            ), s as (
                select count(distinct customer_id) as known,
                    count(distinct customer_id) filter (where order_date >= {D} - 28) as s28,
                    count(distinct customer_id) filter (where order_date >= {D} - 84) as s84
                from trip
            )
            select category_id, c28, c84, c, c28::double / nullif(s28, 0), c84::double / nullif(s84, 0),
                (3 * n28)::double / nullif(n84, 0), repeats::double / c, between_days::double / nullif(intervals, 0),
                case when listed > 0 then (100 * discount)::double / listed::double end,
                promoted::double / nullif(lines, 0),
                case when units > 0 then spend::double / units::double end, products,
                c >= greatest(2, least(30, ceil(known * 12 / 1000))) and not regexp_matches(
                    upper(category_id), '"""
            + PSEUDO
            + """')
            from t join p using (category_id) join l using (category_id) cross join s order by category_id
        """
        )

    def texts(self) -> list[tuple[object, ...]]:
        """customer_id, category_id, product_id, n_orders and decayed_orders of products bought."""
        return self.rows("""
            select customer_id, category_id, product_id, count(*), sum(weight({D} - order_date))::double / 1048576
            from (select distinct customer_id, category_id, product_id, order_id, order_date from line where bought)
            group by all order by customer_id, product_id
        """)

    def campaigns(self) -> list[tuple[object, ...]]:
        """customer_id and category_id of pairs with an active campaign."""
        return self.rows("""
            select distinct customer_id, category_id
            from contact join running using (campaign_id)
            join (select * from warehouse.raw.campaign_products where arrived_date < {D}) using (campaign_id)
            join product using (product_id) where category_id is not null order by 1, 2
        """)

    def eligible(self) -> list[tuple[object, ...]]:
        """customer_id and category_id of the pairs to score."""
        categories = [str(row[0]) for row in self.categories() if row[-1]]
        active = self.rows("select customer_id from trip group by 1 having max(order_date) >= {D} - 56 order by 1")
        return [(customer, category) for (customer,) in active for category in sorted(categories)]

    def labels(self, known_before: date) -> list[tuple[object, ...]]:
        """Pairs bought in the 28 days from the date, as known before ``known_before``."""
        later = BruteForce.__new__(BruteForce)
        later.connection, later.day = self.connection, f"date '{known_before}'"
        lines = later._newest(
            "order_lines",
            "order_line_id",
            f"arrived_date <= order_date + {LATE_LOOKBACK_DAYS} and order_date < {later.day}",
        )
        return self.rows(f"""
            select distinct customer_id, category_id
            from {lines} join {later._newest("products", "product_id")} using (product_id)
            where order_date >= {{D}} and order_date < {{D}} + 28 and not is_cancelled and quantity > 0
            and sales_amount >= 0 and category_id is not null order by 1, 2
        """)
