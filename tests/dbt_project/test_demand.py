"""What demand reads of the night's tables: at an earlier origin just what was known then, also of promotions."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from nightmarket.io.panels import PanelReader
from nightmarket.modeling.demand import Panel

from .warehouses import SNAPSHOT, Built, build, copy_known_before, real_warehouse

EARLIER, NIGHT = date(2017, 8, 7), date(2017, 9, 4)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real receipts of some customers, with counts of stock: two locations, some counts corrected days later."""
    path = real_warehouse(tmp_path_factory.mktemp("raw"), 60)
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            insert into raw.inventory by name
            select
                product_id, 's' || s as location_id, day::date as stock_date,
                if(hash(product_id, day) % 5 = 0, 0, hash(product_id, day, s) % 3) as on_hand_quantity,
                stock_date + 1 as arrived_date, arrived_date + interval 3 hours as arrived_at
            from (select distinct product_id from raw.order_lines) as products,
                range(timestamp '2017-07-01', timestamp '2017-09-10', interval 1 day) as days(day),
                range(2) as stores(s)
            where hash(product_id) % 3 = 0;
            insert into raw.inventory by name
            select * replace (
                3 - on_hand_quantity as on_hand_quantity, arrived_date + 9 as arrived_date,
                arrived_at + interval 9 days as arrived_at
            ) from raw.inventory where hash(product_id, stock_date) % 11 = 0;
        """)
    return path


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(Path(shutil.copy(raw, tmp_path_factory.mktemp("built"))), [NIGHT], threads=2)


def _read(path: Path, night: date) -> PanelReader:
    with duckdb.connect(str(path), read_only=True) as connection:
        return PanelReader(connection, SNAPSHOT, night=night)


def _arrays(panel: Panel) -> dict[str, np.ndarray]:
    return {name: value for name, value in vars(panel).items() if isinstance(value, np.ndarray)}


def test_an_earlier_origin_reads_from_the_night_what_was_known_on_its_own_eve(
    raw: Path, built: Built, tmp_path: Path
) -> None:
    truncated = build(copy_known_before(raw, tmp_path, EARLIER), [EARLIER], threads=1)
    later, own = _read(built.path, NIGHT), _read(truncated.path, EARLIER)
    told, known = _arrays(later.panel(EARLIER)), _arrays(own.panel(EARLIER))
    assert told.keys() == known.keys()
    for name, values in known.items():
        np.testing.assert_array_equal(told[name], values, err_msg=name)
    assert len(known["product_ids"]) > 1000
    assert 0 < known["promoted"].mean() < 1
    assert 0 < known["in_stock"].mean() < 1
    assert later.sales(EARLIER).amounts.tolist() == own.sales(EARLIER).amounts.tolist()


def test_promotions_are_those_of_bought_products_that_had_arrived(built: Built) -> None:
    expected = f"""
        select product_id, start_date, end_date, arrived_date,
            count(*) filter (where display_location <> '')::integer,
            count(*) filter (where mailer_location <> '')::integer
        from raw.promotions
        where arrived_date < date '{NIGHT}' and start_date < date '{NIGHT}' + 56 and product_id in (
            select product_id from raw.order_lines
            where order_date < date '{NIGHT}' and arrived_date < date '{NIGHT}'
        )
        group by all order by all
    """
    found = built.rows(
        "select product_id, start_date, end_date, arrived_date, n_displays, n_mailers "
        "from features.ftr_product_promotions order by all"
    )
    assert found == built.rows(expected)
    assert len(found) > 1000


def test_a_corrected_count_ends_a_day_out_of_stock(built: Built) -> None:
    corrected = built.rows(
        "select superseded_date < date '9999-12-31' as is_corrected from features.ftr_out_of_stock_days "
        "group by 1 order by 1"
    )
    assert corrected == [(False,), (True,)]
    assert built.rows(
        "select count(*) from features.ftr_out_of_stock_days as o inner join raw.inventory as i "
        "on i.product_id = o.product_id and i.stock_date = o.stock_date and i.arrived_date = o.arrived_date "
        "where i.on_hand_quantity > 0"
    ) == [(0,)]
