"""Which rows of features and labels stay: those of the newest nights, with all that each of them asked for."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from .warehouses import Built, empty_raw, run_dbt

NIGHT = date(2024, 6, 1)
NEXT, THIRD, FOURTH, FIFTH = (NIGHT + timedelta(days=n) for n in range(1, 5))
WINDOW = timedelta(days=28)
ORIGIN, PUBLISHED = NIGHT - WINDOW, NIGHT - 2 * WINDOW
SNAPSHOT, OTHER, NEW = "a" * 16, "b" * 16, "c" * 16
FEATURES, LABELS = "features.ftr_customer", "labels.lbl_windows"

RUNS: dict[str, tuple[str, list[date], list[date]]] = {
    "it trains": (SNAPSHOT, [NIGHT, ORIGIN], [PUBLISHED]),
    "the next night": (SNAPSHOT, [NEXT], []),
    "again, and nothing to train": (SNAPSHOT, [NIGHT], []),
    "another snapshot": (OTHER, [NIGHT], []),
    "a third night": (SNAPSHOT, [THIRD], []),
    "a fourth night": (SNAPSHOT, [FOURTH], []),
    "the fifth trains": (SNAPSHOT, [FIFTH, FIFTH - WINDOW], []),
    "a new snapshot": (NEW, [FIFTH], []),
}
"""The runs as they follow each other: snapshot, the dates asked for, and the published nights to look up. Two nights of
each of two snapshots are kept."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], list[object]]:
    """Return the dates that are there, by run, table and snapshot."""
    shop = Built(tmp_path_factory.mktemp("shop") / "warehouse.duckdb")
    arrived = "timestamp '1970-01-01', date '1970-01-01'"
    with duckdb.connect(str(shop.path)) as connection:
        empty_raw(connection)
        connection.execute(f"""
            insert into raw.products values ('tea', 'Green tea', 'tea', null, null, null, null, {arrived});
            insert into raw.order_lines by name
            select
                'line ' || i as order_line_id, 'order ' || i as order_id, 'c' || i % 2 as customer_id,
                'tea' as product_id, day as ordered_at, day::date as order_date, 1 as quantity, 2.5 as sales_amount,
                0 as discount_amount, 0 as coupon_amount, false as is_cancelled, day as arrived_at,
                day::date as arrived_date
            from (select i, timestamp '2024-01-01' + to_days(i::integer) as day from range(200) as t(i))
        """)
    found: dict[tuple[str, str, str], list[object]] = {}
    for name, (snapshot_id, as_of_dates, outcome_dates) in RUNS.items():
        changed = {
            "snapshot_id": snapshot_id,
            "outcome_dates": [day.isoformat() for day in outcome_dates],
            "nights_to_keep": 2,
            "snapshots_to_keep": 2,
        }
        chosen = ("--select", "+ftr_customer", "+lbl_windows")
        ended = run_dbt(shop.path, as_of_dates, subcommand="run", arguments=chosen, changed=changed)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        for table in (FEATURES, LABELS):
            rows = shop.rows(f"select distinct snapshot_id, as_of_date from {table} order by all")
            for one in (SNAPSHOT, OTHER, NEW):
                found[name, table, one] = [day for snapshot, day in rows if snapshot == one]
    return found


def test_a_night_keeps_its_origins_while_others_run_between_its_transform_and_its_training(kept: dict) -> None:
    assert kept["again, and nothing to train", FEATURES, SNAPSHOT] == [ORIGIN, NIGHT, NEXT]
    assert kept["another snapshot", FEATURES, SNAPSHOT] == [ORIGIN, NIGHT, NEXT]


def test_what_counts_is_when_a_night_was_run_and_not_its_date(kept: dict) -> None:
    assert kept["a third night", FEATURES, SNAPSHOT] == [ORIGIN, NIGHT, THIRD]


def test_of_older_nights_only_the_newest_that_trained_stays(kept: dict) -> None:
    assert kept["a fourth night", FEATURES, SNAPSHOT] == [ORIGIN, NIGHT, THIRD, FOURTH]
    assert kept["the fifth trains", FEATURES, SNAPSHOT] == [FIFTH - WINDOW, FOURTH, FIFTH]


def test_outcomes_of_published_nights_are_kept_with_the_night_that_looks_them_up(kept: dict) -> None:
    assert kept["a fourth night", LABELS, SNAPSHOT] == [PUBLISHED, ORIGIN, NIGHT, THIRD, FOURTH]
    assert kept["the fifth trains", LABELS, SNAPSHOT] == [FIFTH - WINDOW, FOURTH, FIFTH]


def test_nights_are_counted_per_snapshot_and_old_snapshots_are_forgotten(kept: dict) -> None:
    assert kept["the fifth trains", FEATURES, OTHER] == [NIGHT]
    assert kept["a new snapshot", FEATURES, OTHER] == kept["a new snapshot", LABELS, OTHER] == []
    assert kept["a new snapshot", FEATURES, SNAPSHOT] == [FIFTH - WINDOW, FOURTH, FIFTH]
    assert kept["a new snapshot", FEATURES, NEW] == [FIFTH]
