"""A user's own shop: exports that are refused as a whole, and leave everything as it was."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nightmarket.errors import (
    EXIT_REFUSED,
    ContractBroken,
    InvalidSetting,
    SourceUnreadable,
    UnknownSource,
    WarehouseDamaged,
)
from nightmarket.settings import Settings
from nightmarket.sources import SOURCES
from nightmarket.sources.base import InputFile
from nightmarket.sources.files import Files

from .conftest import PRODUCTS, Shop, line, order_lines


def test_an_unknown_source_is_refused(shop: Shop, refused: Any) -> None:
    with refused(UnknownSource, "Got source 'oracle' but expected one of complete_journey, files"):
        shop.land(source="oracle")


def test_a_missing_folder_is_refused(shop: Shop, refused: Any, tmp_path: Path) -> None:
    with refused(SourceUnreadable, "which is not there, but expected a folder of exports"):
        shop.land(source_path=tmp_path / "nowhere")
    with refused(InvalidSetting, "expected NIGHTMARKET_SOURCE_PATH to name one"):
        shop.land(source_path=None)


def test_a_folder_without_contract_files_is_refused(shop: Shop, refused: Any) -> None:
    for name in ("products", "order_lines"):
        (shop.export / f"{name}.csv").rename(shop.export / f"my-{name}.csv")
    with refused(SourceUnreadable, r"it holds my-order_lines.csv, my-products.csv"):
        shop.land()


def test_a_missing_required_table_is_refused(shop: Shop, refused: Any) -> None:
    (shop.export / "products.csv").rename(shop.export / "product.csv")
    with refused(
        ContractBroken,
        r"Got no table products from the source files \(it ignores product.csv\) but expected products, order_lines",
    ):
        shop.land()


def test_a_missing_column_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("order_lines.csv", order_lines().replace("sales_amount", "price"))
    with refused(ContractBroken, r"order_lines.csv without the column sales_amount \(it has.*: price\)"):
        shop.land()


def test_a_column_given_twice_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("products.csv", PRODUCTS.replace("category_id", "Product_Name"))
    with refused(ContractBroken, "products.csv with the column product_name more than once"):
        shop.land()


def test_a_column_of_the_wrong_type_is_refused(shop: Shop, refused: Any) -> None:
    shop.land()
    shop.write("order_lines.csv", order_lines().replace(" 12:00:00,1,", " 12:00:00,one,"))
    with refused(ContractBroken, r"order_lines.quantity from order_lines.csv where none of 200 values is a DECIMAL"):
        shop.land()


def test_an_empty_table_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.csv", "review_id,product_id,reviewed_at\n")
    with refused(ContractBroken, "Got no row for reviews in reviews.csv but expected at least one"):
        shop.land()
    shop.write("reviews.csv", "")
    with refused(ContractBroken, "reviews.csv without a header"):
        shop.land()


def test_a_first_line_without_end_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.csv", "x" * 200_000)
    with refused(SourceUnreadable, "reviews.csv, whose first line is no header"):
        shop.land()


def test_a_file_that_is_no_parquet_is_refused(shop: Shop, refused: Any) -> None:
    shop.write("reviews.parquet", "no parquet")
    with refused(SourceUnreadable, "reviews.parquet, which cannot be read as parquet"):
        shop.land()


def test_too_many_bad_rows_are_refused(shop: Shop, refused: Any) -> None:
    shop.append("order_lines.csv", "".join(line(id=f"b{n}", n="x") for n in range(10)))
    with refused(ContractBroken, r"Got 10 of 210 rows of order_lines .*4.76 %: bad_type:quantity × 10.* at most 1 %"):
        shop.land()


def test_a_file_that_goes_between_listing_and_reading_is_refused(
    shop: Shop, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Vanishing(Files):
        def inputs(self, settings: Settings) -> tuple[InputFile, ...]:
            found = super().inputs(settings)
            found[0].path.unlink()
            return found

    monkeypatch.setitem(SOURCES, "files", Vanishing())
    with refused(SourceUnreadable, r"order_lines.csv, which cannot be read \(No such file or directory\)"):
        shop.land()


@pytest.mark.parametrize("name", ["reviews.parquet", "reviews.csv", "_COMPLETE"])
def test_a_file_without_permission_is_refused(shop: Shop, name: str) -> None:
    as_who: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads every file, and there is no setpriv to give that up")
        as_who = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    shop.write(name, "x")
    (shop.export / name).chmod(0)
    before = shop.state()
    environment = os.environ | {
        "NIGHTMARKET_SOURCE": "files",
        "NIGHTMARKET_SOURCE_PATH": str(shop.export),
        "NIGHTMARKET_VAR_DIR": str(shop.var),
        "NIGHTMARKET_CURRENCY": "EUR",
    }
    line = [*as_who, sys.executable, "-m", "nightmarket.cli", "land"]
    ended = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_REFUSED
    assert re.search(rf"SourceUnreadable: Got .*{name}, .*cannot be read.*Permission denied", ended.stderr)
    assert shop.state() == before


def test_a_damaged_warehouse_is_one_clear_error_and_can_be_deleted(shop: Shop) -> None:
    first = shop.land()
    path = shop.settings().warehouse_path
    whole = path.read_bytes()
    for damaged in (b"no database" * 1000, whole[:12388] + b"\xff" * 64 + whole[12452:], whole[:5000]):
        path.write_bytes(damaged)
        with pytest.raises(WarehouseDamaged, match=r"delete it .*`nightmarket land`, `embed` and `transform` build it"):
            shop.land()
    path.unlink()
    assert shop.land()["snapshot_id"] == first["snapshot_id"]
