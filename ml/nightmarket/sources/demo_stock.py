"""The demo's stock: an invention, as the data set says nothing of any.

``demo_stock.csv`` counts 36 products that sell much, at the close of 2017-12-31: some are to be ordered, some are
enough, some are too many and some will run out before an order is there; with lead times, packs, minimum orders, costs
and margins made up. It became known that evening, so the night of 2018-01-01 alone knows it. Nothing is counted as 0:
that day's sales would be read as out of stock.
"""

from __future__ import annotations

HEADER = (
    "product_id",
    "product_name",
    "on_hand_quantity",
    "on_order_quantity",
    "lead_time_days",
    "pack_size",
    "min_order_quantity",
    "unit_cost_amount",
    "unit_margin_amount",
    "stock_date",
    "arrived_at",
)

INVENTORY = """
    select product_id, cast(stock_date as date) as stock_date, on_hand_quantity, on_order_quantity, lead_time_days,
        pack_size, min_order_quantity, unit_cost_amount, unit_margin_amount, cast(arrived_at as timestamp) as arrived_at
    from {demo_stock}
"""
