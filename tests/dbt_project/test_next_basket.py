"""The history and the labels of the next basket, on real receipts of which some come late, change or are cancelled."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from nightmarket.families.next_basket import FAMILY
from nightmarket.io.training_data import FrameReader, TextSpace

from .brute_force import PSEUDO
from .warehouses import SNAPSHOT, Built, build, copy_known_before, real_warehouse

EARLIER, NIGHT = date(2017, 8, 7), date(2017, 9, 4)
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_warehouse(tmp_path_factory.mktemp("raw"), 60)


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(Path(shutil.copy(raw, tmp_path_factory.mktemp("built"))), [NIGHT, EARLIER], threads=2)


def _known(path: Path, as_of: date, night: date) -> tuple[Rows, Rows]:
    """Return what a family reads of the lines and the catalogue at ``as_of`` from the night's tables."""
    with duckdb.connect(str(path), read_only=False) as connection:
        connection.execute("create schema if not exists embeddings")
        connection.execute(
            "create or replace macro embeddings.product_texts_at(snapshot, as_of) as table "
            "select ''::varchar as product_id, ''::varchar as text_hash where false"
        )
        reader = FrameReader(connection, FAMILY, SNAPSHOT, TextSpace("none", 2), night=night)
        tables = (reader.order_lines(as_of), reader.products(as_of))
    lines, products = ([tuple(row.values()) for row in table.to_pylist()] for table in tables)
    return sorted(lines, key=str), sorted(products, key=str)


def test_an_earlier_origin_reads_from_the_night_what_was_known_on_its_own_eve(
    raw: Path, built: Built, tmp_path: Path
) -> None:
    truncated = build(copy_known_before(raw, tmp_path, EARLIER), [EARLIER], threads=1)
    lines, products = _known(built.path, EARLIER, NIGHT)
    assert (lines, products) == _known(truncated.path, EARLIER, EARLIER)
    assert len(lines) > 1000
    assert len(products) > 1000
    assert _known(built.path, NIGHT, NIGHT)[0] != lines


def _newest_before(rows: Rows, cut: date) -> dict[object, tuple[object, ...]]:
    """Return each key's newest version that had arrived before ``cut``, of (key, arrived_at, arrived_date, ...)."""
    newest: dict[object, tuple[object, ...]] = {}
    for row in sorted(rows, key=lambda one: str(one[1])):
        assert isinstance(row[2], date)
        if row[2] < cut:
            newest[row[0]] = row
    return newest


@pytest.mark.parametrize("as_of", [EARLIER, NIGHT], ids=str)
def test_labels_are_the_wares_of_the_first_order_of_the_window(raw: Path, built: Built, as_of: date) -> None:
    known_before = max(NIGHT, as_of + timedelta(days=28))
    with duckdb.connect(str(raw)) as connection:
        versions = connection.execute(
            "select order_line_id, arrived_at, arrived_date, customer_id, product_id, order_id, ordered_at, order_date,"
            " is_cancelled, quantity > 0 and sales_amount >= 0 from raw.order_lines"
            " where arrived_date <= order_date + 90"
        ).fetchall()
        catalogue = connection.execute(
            "select product_id, arrived_at, arrived_date, category_id, category_name from raw.products"
        ).fetchall()
    wares = {
        key
        for key, (*_, category, name) in _newest_before(catalogue, known_before).items()
        if category is not None and not re.search(PSEUDO, str(name).upper())
    }
    orders: dict[str, dict[tuple[datetime, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in _newest_before(versions, known_before).values():
        _, _, _, customer, product, order, ordered_at, day, is_cancelled, is_purchase = row
        assert isinstance(day, date)
        in_window = as_of <= day < as_of + timedelta(days=28)
        if in_window and is_purchase and not is_cancelled and product in wares:
            assert isinstance(ordered_at, datetime)
            orders[str(customer)][ordered_at, str(order)].add(str(product))
    expected = sorted((customer, product) for customer, own in orders.items() for product in own[min(own)])
    found = built.rows(
        f"select customer_id, product_id from labels.lbl_next_basket where as_of_date = date '{as_of}' order by all"
    )
    assert found == expected
    assert len(expected) > 100
