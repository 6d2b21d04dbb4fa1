"""The texts of campaigns and of what their customers had bought, each as known at a cut of its own."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

HALF_LIFE_DAYS = 84
"""Of a line in a profile; a season's worth of shopping."""


def read_coupon_texts(connection: duckdb.DuckDBPyConnection, *, snapshot_id: str, night: date, cut: date) -> pa.Table:
    """Return the distinct texts of every coupon, as products read at ``cut``: campaign_id, coupon_id, text_hash.

    Which campaign offers what is known as of the night: it is its plan.
    """
    return connection.execute(
        "select distinct c.campaign_id, c.coupon_id, t.text_hash from features.ftr_campaign_coupons as c "
        "inner join embeddings.product_texts_at($snapshot_id, $cut) as t on t.product_id = c.product_id "
        "where c.snapshot_id = $snapshot_id and c.as_of_date = $night and t.text_hash is not null order by all",
        {"snapshot_id": snapshot_id, "night": night, "cut": cut},
    ).to_arrow_table()


def read_bought_texts(
    connection: duckdb.DuckDBPyConnection,
    customers: pa.Array,
    text_hashes: pa.Array,
    *,
    snapshot_id: str,
    night: date,
    cut: date,
) -> pa.Table:
    """Return what ``customers`` had bought before ``cut`` by distinct text: customer, text, weight.

    Customers and texts are named by their positions, rows come in any order. A line weighs 1 on the day before the
    cut and half of it 84 days earlier; its text is the one known at the cut.
    """
    connection.register("cut_customers", _numbered("customer_id", customers))
    connection.register("cut_texts", _numbered("text_hash", text_hashes))
    try:
        # Whole units of 2^-20 add up to the same in every order.
        return connection.execute(
            "with products as materialized ("
            "select p.product_id, t.code from embeddings.product_texts_at($snapshot_id, $cut) as p "
            "inner join cut_texts as t on t.text_hash = p.text_hash) "
            "select c.code as customer, p.code as text, "
            "sum(cast(round(1048576 * pow(0.5, date_diff('day', l.order_date, $cut::date) / $half_life)) as bigint))"
            "::double / 1048576 as weight "
            "from features.ftr_known_order_lines as l "
            "inner join cut_customers as c on c.customer_id = l.customer_id "
            "inner join products as p on p.product_id = l.product_id "
            "where l.snapshot_id = $snapshot_id and l.as_of_date = $night and l.quantity > 0 "
            "and l.order_date < $cut and l.arrived_date < $cut and l.superseded_date >= $cut group by 1, 2",
            {"snapshot_id": snapshot_id, "night": night, "cut": cut, "half_life": float(HALF_LIFE_DAYS)},
        ).to_arrow_table()
    finally:
        connection.unregister("cut_customers")
        connection.unregister("cut_texts")


def _numbered(name: str, values: pa.Array) -> pa.Table:
    return pa.table({name: values.cast(pa.string()), "code": pa.array(range(len(values)), pa.int32())})
