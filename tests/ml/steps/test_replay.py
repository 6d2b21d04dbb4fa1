"""``nightmarket replay inventory`` on an invented shop: it plays by the shop's settings and, when asked, its stock."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.ml.invented_sales import SNAPSHOT, invent_sales

from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps import replay

NIGHT = date(2024, 6, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with 26 weeks of sales of eight products; one comes in boxes of 40, after 20 days."""
    folder = tmp_path_factory.mktemp("shop")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        invent_sales(connection, NIGHT, n_products=8, n_days=182)
        connection.execute(f"""
            create table features.ftr_stock as select '{SNAPSHOT}' as snapshot_id, date '{NIGHT}' as as_of_date,
                'p003' as product_id, '' as location_id, 5 as on_hand, 0 as on_order, 20 as lead_time_days,
                40 as pack_size, null as min_order_quantity, null as unit_cost_amount, null as unit_margin_amount,
                null as holding_cost_amount, date '{NIGHT}' - 1 as stock_date
        """)
    return folder


def _replay(folder: Path, *, stock_terms: bool = False, **changed: Any) -> dict[str, Any]:
    settings = Settings(_env_file=None, source="files", var_dir=folder, threads=1, **changed)
    for step in ("land", "embed"):
        Night(settings, NIGHT, SNAPSHOT).record(step, {"encoder_key": "e", "dim": 2})
    detail = replay.run(settings, as_of=NIGHT, weeks=3, stock_terms=stock_terms).detail
    assert json.loads(Path(detail["results_file"]).read_text()) == {
        name: value for name, value in detail.items() if name != "results_file"
    }
    return detail


def test_reviews_come_at_the_shops_period(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weekly, rarely = _replay(folder), _replay(folder, review_period_days=14)
    assert (weekly["reviews"], weekly["review_period_days"]) == (3, 7)
    assert (rarely["reviews"], rarely["review_period_days"]) == (2, 14)
    assert "one review every 14 days, orders arrive whole, units can be ordered singly" in rarely["assumptions"]
    for name, policy in rarely["policies"].items():
        assert policy["mean_stock_units"] > weekly["policies"][name]["mean_stock_units"]
    for difference in rarely["differences"].values():
        for one in difference.values():
            assert one["low"] <= one["lost_units"] <= one["high"]
    assert "plan less last year, stock of last year: " in capsys.readouterr().err


def test_with_its_stock_terms_a_product_is_ordered_as_its_supplier_delivers(folder: Path) -> None:
    plain, by_terms = _replay(folder), _replay(folder, stock_terms=True)
    assert (plain["products_with_stock_terms"], by_terms["products_with_stock_terms"]) == (0, 1)
    assert (plain["lead_time_days"], by_terms["lead_time_days"]) == (7, 8.62)
    assert any("those of the night's inventory" in one for one in by_terms["assumptions"])
    assert by_terms["policies"]["plan"]["mean_stock_units"] > plain["policies"]["plan"]["mean_stock_units"]
