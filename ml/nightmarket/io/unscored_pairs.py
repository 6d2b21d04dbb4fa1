"""Who could be contacted for which campaign, where no model scored them."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from nightmarket.families import get_family
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings


def read_open_pairs(settings: Settings, *, snapshot_id: str, as_of: date) -> pa.Table:
    """Return ``campaign_id`` and ``customer_id`` of the rows that ``campaign_response`` would have scored, sorted."""
    view = get_family("campaign_response").feature_view
    with open_warehouse(settings) as connection:
        found: pa.Table = connection.execute(
            f"select campaign_id, customer_id from {view} "
            "where snapshot_id = ? and as_of_date = ? and is_open order by campaign_id, customer_id",
            [snapshot_id, as_of],
        ).to_arrow_table()
    return found
