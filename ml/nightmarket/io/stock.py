"""What the reorder plan reads from the warehouse: stock, where products were sold, and their recent weeks."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.inputs import LocationSales, RecentSales, Stock

RECENT_WEEKS = 26


def read_stock(connection: duckdb.DuckDBPyConnection, *, snapshot_id: str, as_of: date) -> Stock:
    """Return the newest stock known at the night; empty where the shop gives none."""
    found = connection.execute(
        "select product_id, location_id, date_diff('day', stock_date, as_of_date)::double as age_days, "
        "on_hand::double as on_hand, on_order::double as on_order, lead_time_days::double as lead_time_days, "
        "pack_size::double as pack_size, min_order_quantity::double as min_order, "
        "unit_cost_amount::double as unit_cost, unit_margin_amount::double as unit_margin, "
        "holding_cost_amount::double as holding_cost "
        "from features.ftr_stock where snapshot_id = ? and as_of_date = ? order by product_id, location_id",
        [snapshot_id, as_of],
    ).fetchnumpy()
    texts = ("product_id", "location_id")
    return Stock(
        product_ids=_texts(found["product_id"]),
        location_ids=_texts(found["location_id"]),
        **{name: _numbers(values) for name, values in found.items() if name not in texts},
    )


def read_location_sales(connection: duckdb.DuckDBPyConnection, *, snapshot_id: str, as_of: date) -> LocationSales:
    """Return what was sold by place in 182 days, of products whose stock lies at named places."""
    found = connection.execute(
        "select product_id, location_id, units::double as units from features.ftr_product_locations "
        "where snapshot_id = ? and as_of_date = ? order by product_id, location_id",
        [snapshot_id, as_of],
    ).fetchnumpy()
    return LocationSales(_texts(found["product_id"]), _texts(found["location_id"]), _numbers(found["units"]))


def read_recent_sales(connection: duckdb.DuckDBPyConnection, *, snapshot_id: str, as_of: date) -> RecentSales:
    """Return the purchases of the 26 weeks before the night, as known then, by product and week."""
    found = connection.execute(
        "select product_id, (date_diff('day', order_date, $night) - 1) // 7 as weeks_ago, "
        "sum(quantity)::double as units, sum(sales_amount)::double as sales_amount "
        "from features.ftr_known_order_lines "
        "where snapshot_id = $snapshot_id and as_of_date = $night and superseded_date >= $night "
        "and order_date >= $night - 7 * $n_weeks::integer and quantity > 0 and sales_amount >= 0 "
        "group by all order by product_id, weeks_ago",
        {"night": as_of, "snapshot_id": snapshot_id, "n_weeks": RECENT_WEEKS},
    ).fetchnumpy()
    names: NDArray[Any] = _texts(found["product_id"])
    ids, row = np.unique(names, return_inverse=True)
    units = np.zeros((len(ids), RECENT_WEEKS))
    units[row, RECENT_WEEKS - 1 - np.asarray(found["weeks_ago"], dtype=np.int64)] = _numbers(found["units"])
    amount = np.zeros(len(ids))
    np.add.at(amount, row, _numbers(found["sales_amount"]))
    return RecentSales(ids, units, amount)


def _texts(values: Any) -> NDArray[np.object_]:
    return np.asarray(values, dtype=object)


def _numbers(values: Any) -> NDArray[np.float64]:
    """Return doubles with NaN for null (DuckDB masks them)."""
    numbers: NDArray[np.float64] = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
    return numbers
