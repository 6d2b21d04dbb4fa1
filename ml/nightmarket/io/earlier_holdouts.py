"""What share earlier nights could hold out of a campaign, by the decisions that they published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from nightmarket.clock import STEP_DAYS
from nightmarket.decisions.targets.table import TABLE
from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.settings import Settings
from nightmarket.sqltext import literal


@dataclass(frozen=True)
class EarlierHoldouts:
    """The greatest share by campaign, and by night the SHA-256 of the published decisions that say so."""

    shares: Mapping[str, float]
    reads: Mapping[str, str]


def read_earlier_holdouts(
    settings: Settings, contacts: Mapping[str, Mapping[str, date]], *, as_of: date
) -> EarlierHoldouts:
    """Return what nights before ``as_of`` could hold out of campaigns of which somebody was contacted.

    From 28 days before the first contact on: until it is sent a campaign may be dealt as one likes.

    Parameters
    ----------
    contacts : by campaign and customer, the day of the contact
    """
    first = {campaign: min(days.values()) for campaign, days in contacts.items() if days}
    try:
        files = read_served_catalog(settings).tables.get(TABLE.name, {})
    except (NothingPublished, ServingMoved):
        files = {}
    since = min(first.values(), default=as_of) - timedelta(days=STEP_DAYS)
    nights = {night: file for night, file in sorted(files.items()) if first and since <= night < as_of}
    if not nights:
        return EarlierHoldouts({}, {})
    paths = ", ".join(literal(str(settings.serving_dir / file.path)) for file in nights.values())
    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": settings.threads}) as connection:
        rows = connection.execute(
            "select campaign_id, max(holdout_share) "
            f"from read_parquet([{paths}], hive_partitioning = false, union_by_name = true) "
            "where campaign_id in (select unnest(?::varchar[])) group by 1 order by 1",
            [sorted(first)],
        ).fetchall()
    return EarlierHoldouts(dict(rows), {str(night): file.sha256 for night, file in nights.items()})
