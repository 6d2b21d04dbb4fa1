"""What a panel knows at an origin: sales in their newest version then, promotions, stock and intents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from tests.ml.invented_sales import SNAPSHOT, create_sales_tables

from nightmarket.errors import StepMissing
from nightmarket.io.panels import PanelReader, place_intents
from nightmarket.modeling.calendar_effects import Holiday

NIGHT = date(2024, 6, 3)
NEVER = "9999-12-31"
Lines = list[tuple[str, int, str, str, str]]

LINES: Lines = [
    # product, units, day, arrived, superseded
    ("tea", 1, "2024-05-06", "2024-05-06", NEVER),
    ("tea", 2, "2024-05-20", "2024-05-20", "2024-05-29"),
    ("tea", 5, "2024-05-20", "2024-05-29", NEVER),
    ("tea", 3, "2024-05-27", "2024-05-27", NEVER),
    ("tea", -1, "2024-06-02", "2024-06-02", NEVER),
    ("coffee", 4, "2024-05-19", "2024-05-30", NEVER),
    ("petrol", 40, "2024-05-20", "2024-05-20", NEVER),
    ("unknown", 9, "2024-05-20", "2024-05-20", NEVER),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_sales_tables(connection)
        connection.executemany(
            f"insert into features.ftr_known_order_lines by name select '{SNAPSHOT}' as snapshot_id, "
            f"date '{NIGHT}' as as_of_date, ? as product_id, ? as quantity, 2 * quantity as sales_amount, "
            "? as order_date, ? as arrived_date, ? as superseded_date",
            LINES,
        )
        connection.executemany(
            f"insert into features.ftr_known_products values ('{SNAPSHOT}', '{NIGHT}', ?, ?, ?, ?, ?)",
            [
                ("tea", "DRINKS", True, "1970-01-01", "2024-05-28"),
                ("tea", "HERBS", True, "2024-05-28", NEVER),
                ("coffee", "DRINKS", True, "1970-01-01", NEVER),
                ("petrol", "FUEL", False, "1970-01-01", NEVER),
            ],
        )
        yield connection


def _reader(connection: duckdb.DuckDBPyConnection) -> PanelReader:
    return PanelReader(connection, SNAPSHOT, night=NIGHT)


def test_weeks_end_on_the_eve_of_the_origin_and_hold_the_newest_version_known_by_then(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    panel = _reader(connection).panel(NIGHT)
    assert panel.product_ids.tolist() == ["coffee", "tea"]
    # Weeks from 6, 13, 20 and 27 May; a return is taken off.
    assert panel.units.tolist() == [[0, 4, 0, 0], [1, 0, 5, 2]]
    assert panel.sales_amount.tolist() == [[0, 8, 0, 0], [2, 0, 10, 4]]
    assert panel.age_weeks.tolist() == [3, 4]


def test_holidays_to_come_are_known_as_far_as_they_had_arrived(connection: duckdb.DuckDBPyConnection) -> None:
    connection.executemany(
        f"insert into features.ftr_known_holidays values ('{SNAPSHOT}', '{NIGHT}', ?, ?, ?, ?, ?)",
        [
            ("Fair", "Fair", "2024-07-01", "1970-01-01", "2024-05-28"),
            ("Fair", "day off", "2024-07-01", "2024-05-28", NEVER),
            ("Feast", "feast", "2024-05-20", "2024-05-27", NEVER),
        ],
    )
    reader = _reader(connection)
    assert reader.panel(date(2024, 5, 27)).holidays == (Holiday(date(2024, 7, 1), "Fair"),)
    assert reader.panel(NIGHT).holidays == (
        Holiday(date(2024, 5, 20), "feast"),
        Holiday(date(2024, 7, 1), "day off"),
    )
    assert reader.sha256() != _reader_without(connection).sha256()


def _reader_without(connection: duckdb.DuckDBPyConnection) -> PanelReader:
    connection.execute("delete from features.ftr_known_holidays")
    return _reader(connection)


def test_an_earlier_origin_knows_nothing_that_arrived_later(connection: duckdb.DuckDBPyConnection) -> None:
    panel = _reader(connection).panel(date(2024, 5, 27))
    assert panel.product_ids.tolist() == ["tea"]
    assert panel.units.tolist() == [[1, 0, 2]]


def test_a_product_is_of_the_category_that_was_known_at_the_origin(connection: duckdb.DuckDBPyConnection) -> None:
    reader = _reader(connection)
    earlier, now = reader.panel(date(2024, 5, 27)), reader.panel(NIGHT)
    assert [earlier.category_ids[i] for i in earlier.category] == ["DRINKS"]
    assert [now.category_ids[i] for i in now.category] == ["DRINKS", "HERBS"]


def test_what_is_no_ware_or_not_in_the_catalogue_is_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    history = _reader(connection).sales(NIGHT)
    assert history.category_ids.tolist() == ["DRINKS", "HERBS"]
    assert history.amounts.shape == (2, 28)
    assert history.amounts.sum() == 2 * (4 + 1 + 5 + 3 - 1)
    assert history.amounts[1, 14] == 10


def _promote(connection: duckdb.DuckDBPyConnection, product: str, start: str, end: str, arrived: str) -> None:
    connection.execute(
        f"insert into features.ftr_product_promotions values ('{SNAPSHOT}', '{NIGHT}', ?, 1, 0, ?, ?, ?)",
        [product, start, end, arrived],
    )


def test_promotions_are_shares_of_the_week_as_far_as_they_had_arrived(connection: duckdb.DuckDBPyConnection) -> None:
    _promote(connection, "tea", "2024-05-17", "2024-05-20", "2024-05-01")
    _promote(connection, "tea", "2024-05-27", "2024-06-02", "2024-06-01")
    _promote(connection, "petrol", "2024-05-27", "2024-06-02", "2024-05-01")
    reader = _reader(connection)
    assert reader.panel(NIGHT).promoted.round(3).tolist() == [
        [0, 0, 0, 0],
        [0, pytest.approx(3 / 7, abs=1e-3), pytest.approx(1 / 7, abs=1e-3), 1],
    ]
    assert reader.panel(date(2024, 5, 27)).promoted.shape == (1, 3)


def test_a_promotion_that_arrived_twice_covers_its_days_once(connection: duckdb.DuckDBPyConnection) -> None:
    _promote(connection, "tea", "2024-05-20", "2024-05-22", "2024-05-01")
    _promote(connection, "tea", "2024-05-20", "2024-05-22", "2024-05-02")
    assert _reader(connection).panel(NIGHT).promoted[1, 2] == pytest.approx(3 / 7)


def test_a_week_ahead_that_nobody_planned_yet_is_not_known(connection: duckdb.DuckDBPyConnection) -> None:
    assert np.isnan(_reader(connection).panel(NIGHT).promoted_ahead).all()
    _promote(connection, "tea", "2024-06-10", "2024-06-16", "2024-06-02")
    ahead = _reader(connection).panel(NIGHT).promoted_ahead
    assert ahead[:, 1].tolist() == [0, 1]
    assert np.isnan(ahead[:, [0, 2, 3, 4, 5, 6, 7]]).all()


def test_days_out_of_stock_are_known_from_their_count_until_it_is_corrected(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.executemany(
        f"insert into features.ftr_out_of_stock_days values ('{SNAPSHOT}', '{NIGHT}', 'tea', ?, ?, ?)",
        [("2024-05-20", "2024-05-21", NEVER), ("2024-05-21", "2024-05-22", "2024-05-30")],
    )
    reader = _reader(connection)
    assert reader.panel(date(2024, 5, 27)).in_stock[0].tolist() == pytest.approx([1, 1, 5 / 7])
    assert reader.panel(NIGHT).in_stock[1].tolist() == pytest.approx([1, 1, 6 / 7, 1])


def test_intents_stand_in_the_week_of_their_night_and_only_where_eight_weeks_have_some() -> None:
    names = np.asarray(["DRINKS", "HERBS"], object)
    nights = {NIGHT - timedelta(days=7 * i + 1): {"DRINKS": float(i)} for i in range(8)}
    placed = place_intents(nights, names, NIGHT, 10)
    assert placed is not None
    assert placed[0, 2:].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert np.isnan(placed[0, :2]).all()
    assert np.isnan(placed[1]).all()
    assert place_intents(nights, names, NIGHT - timedelta(days=7), 10) is None
    assert place_intents({**nights, NIGHT: {"DRINKS": 99.0}}, names, NIGHT, 10)[0, -1] == 0  # type: ignore[index]


def test_a_night_that_was_not_transformed_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StepMissing, match=r"Got no sales of 2024-06-04 .* Run `nightmarket transform`"):
        PanelReader(connection, SNAPSHOT, night=date(2024, 6, 4))


def test_an_origin_without_a_whole_week_behind_it_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StepMissing, match="Got less than a whole week of sales before 2024-05-12"):
        _reader(connection).panel(date(2024, 5, 12))


def test_the_hash_is_of_all_that_is_read(connection: duckdb.DuckDBPyConnection) -> None:
    before = _reader(connection).sha256()
    assert before == _reader(connection).sha256()
    _promote(connection, "tea", "2024-05-20", "2024-05-22", "2024-05-01")
    assert _reader(connection).sha256() != before
