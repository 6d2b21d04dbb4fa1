"""The demo's tables, mapped: a sample of its real files through the same adapter."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import read_snapshot
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.sources import SOURCES
from nightmarket.sources.base import InputFile
from nightmarket.sources.complete_journey import CompleteJourney
from nightmarket.steps import land

SAMPLE = {
    "transactions": "household_id % 100 = 7",
    "campaigns": "household_id % 100 = 7",
    "demographics": "household_id % 100 = 7",
    "coupon_redemptions": "household_id % 100 = 7",
    "promotions": "product_id % 200 = 11",
}


class Sampled(CompleteJourney):
    """The same adapter on one household in a hundred."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
        return tuple(replace(file, path=self.folder / file.name) for file in super().inputs(settings))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    for file in CompleteJourney().inputs(Settings(_env_file=None)):
        if file.format == "csv":
            shutil.copy(file.path, folder)
            continue
        condition = SAMPLE.get(file.path.stem, "true")
        duckdb.execute(f"copy (from read_parquet('{file.path}') where {condition}) to '{folder / file.name}'")
    return folder


@pytest.fixture
def settings(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setitem(SOURCES, "complete_journey", Sampled(sample))
    return Settings(_env_file=None, var_dir=tmp_path / "var", threads=2)


def test_the_demo_lands_with_its_repeated_coupons_in_quarantine(settings: Settings) -> None:
    detail = land.run(settings).detail
    assert (detail["as_of_date"], detail["timezone"], detail["currency"]) == ("2018-01-01", "America/New_York", "USD")
    coupons = detail["tables"]["campaign_products"]
    # 116,204 published rows, of which 4,872 repeat another, and the products of three planned campaigns.
    assert (coupons["rows_in"], coupons["rows_accepted"], coupons["reasons"]) == (
        116_204 + 6_732,
        111_332 + 6_732,
        {"duplicate_key": 4872},
    )
    assert detail["tables"]["products"]["rows_accepted"] == 92_331
    assert {n for n, t in detail["tables"].items() if not t["provided"]} == {
        "events",
        "reviews",
        "fx_rates",
    }
    assert all(t["rows_in"] == t["rows_accepted"] + t["rows_quarantined"] for t in detail["tables"].values())
    first: dict[str, Any] = {}
    with open_warehouse(settings) as warehouse:
        for name, query in {
            "line": "select * exclude (location_id) from raw.order_lines order by ordered_at limit 1",
            "unrounded": "select count(*) from raw.order_lines where sales_amount <> round(sales_amount, 2)",
            "promotions": """
                select min(start_date), min(end_date) from raw.promotions
                union all select min(start_date), min(end_date) from raw.promotions where start_date > '2017-01-01'
            """,
            "weekdays": "select distinct isodow(end_date) from raw.promotions",
            "none": "select count(*) from raw.promotions where display_location in ('0') or mailer_location in ('0')",
            "contact": """
                select contact_date, start_date, contacts.arrived_at, contacts.arrived_date
                from raw.campaign_contacts as contacts join raw.campaigns using (campaign_id)
                order by contacts.campaign_id = '18' desc limit 1
            """,
            "catalogue": "select distinct arrived_at from raw.products",
            "stock": """
                select count(*), count(distinct product_id), min(on_hand_quantity) > 0,
                    min(stock_date), max(stock_date), min(arrived_date), max(arrived_date),
                    sum(min_order_quantity)::integer
                from raw.inventory semi join raw.products using (product_id)
            """,
            "ahead": """
                select campaign_id, arrived_date, start_date, count(product_id), any_value(budget_amount)
                from raw.campaigns join raw.campaign_products using (campaign_id, arrived_at, arrived_date)
                join raw.campaign_plans using (campaign_id, arrived_at, arrived_date)
                group by all order by campaign_id
            """,
        }.items():
            first[name] = warehouse.execute(query).fetchall()
    line = first["line"][0]
    assert line[0] == f"{line[1]}-{line[3]}"
    assert isinstance(line[7], Decimal)
    assert first["unrounded"] == [(0,)]
    assert first["promotions"] == [(date(2017, 1, 1), date(2017, 1, 1)), (date(2017, 1, 2), date(2017, 1, 8))]
    assert first["weekdays"] == [(7,)]
    assert first["none"] == [(0,)]
    contact_date, start_date, arrived_at, arrived_date = first["contact"][0]
    assert contact_date == start_date == arrived_date
    assert arrived_at.hour in (4, 5)
    assert first["catalogue"] == [(datetime(1970, 1, 1),)]
    # No day before is counted, and none as empty: stock that is made up must not censor what was sold.
    assert first["stock"] == [(36, 36, True, *[date(2017, 12, 31)] * 4, 348)]
    assert first["ahead"] == [
        ("28", date(2017, 12, 20), date(2018, 1, 8), 1718, 30),
        ("29", date(2017, 12, 27), date(2018, 1, 22), 4128, 75),
        ("30", date(2017, 12, 28), date(2018, 2, 26), 886, 30),
    ]


def test_the_same_input_is_recognised_and_a_changed_file_is_landed_again(settings: Settings) -> None:
    first = land.run(settings).detail
    again = land.run(settings, as_of=date(2017, 12, 1)).detail
    assert (again["snapshot_id"], again["files_read"]) == (first["snapshot_id"], 0)
    snapshot = read_snapshot(settings, first["snapshot_id"])
    landed = settings.landing_dir / snapshot.tables["order_lines"].files[0].path
    whole = sha256_of_file(landed)
    landed.write_bytes(landed.read_bytes()[:-1] + b"?")
    mended = land.run(settings).detail
    assert (mended["snapshot_id"], mended["files_read"]) == (first["snapshot_id"], 11)
    assert sha256_of_file(landed) == whole


def test_the_threads_do_not_change_a_byte(settings: Settings, tmp_path: Path) -> None:
    alone = settings.model_copy(update={"threads": 1, "var_dir": tmp_path / "alone"})
    assert land.run(settings).detail["snapshot_id"] == land.run(alone).detail["snapshot_id"]
