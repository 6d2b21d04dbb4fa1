"""A user's own shop: one `var` holds one shop, and nothing of another is let in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from nightmarket.errors import InvalidSetting
from nightmarket.families import SERVED_TABLES
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night_facts import previous_rows
from nightmarket.io.serving import StagedTable, publish_night

from .conftest import Shop

NIGHT_ROW = {"as_of_date": "'2024-07-18'", "horizon_days": "28", "probability": "0.5"}


def test_another_source_than_the_published_one_is_refused(shop: Shop, refused: Any) -> None:
    detail = shop.land()
    columns = ", ".join(
        f"cast({NIGHT_ROW.get(column.name, repr('x'))} as {column.type}) as {column.name}"
        for column in SERVED_TABLES["scores.purchase_intent"].columns
    )
    staged = shop.var / "staged.parquet"
    duckdb.sql(f"select {columns}").write_parquet(str(staged))
    publish_night(
        shop.settings(),
        as_of=date(2024, 7, 18),
        snapshot_id=detail["snapshot_id"],
        staged={
            "scores.purchase_intent": StagedTable(staged, sha256_of_file(staged), "purchase_intent", "r", "m", "l")
        },
        verdict="passed",
        checks={},
        steps={},
    )
    with refused(
        InvalidSetting, "Got NIGHTMARKET_SOURCE=complete_journey but expected files, whose nights are published"
    ):
        shop.land(source="complete_journey")
    assert previous_rows(shop.settings(), date(2024, 7, 18)) == {}
    assert previous_rows(shop.settings(), date(2024, 7, 19)) == {"products": 2, "order_lines": 200}


def test_another_shop_zone_or_currency_on_the_same_history_is_refused(shop: Shop, refused: Any, tmp_path: Path) -> None:
    shop.land()
    other = tmp_path / "other-shop"
    shop.export.rename(other)
    with refused(InvalidSetting, "whose history is landed in"):
        shop.land(source_path=other)
    other.rename(shop.export)
    with refused(InvalidSetting, "Got NIGHTMARKET_TIMEZONE=Asia/Tokyo but expected UTC"):
        shop.land(timezone="Asia/Tokyo")
    with refused(InvalidSetting, "Got NIGHTMARKET_CURRENCY=USD but expected EUR"):
        shop.land(currency="USD")
    with refused(InvalidSetting, "'Mars/Olympus' but expected an IANA name"):
        shop.land(timezone="Mars/Olympus")
