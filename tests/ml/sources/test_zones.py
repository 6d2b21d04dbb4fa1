"""Local dates in SQL agree with Python's time zone rules, whatever the zone and the instant."""

# ruff: noqa: DTZ001 - DuckDB's instants are UTC without saying so

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from nightmarket.clock import local_date, start_of_day_utc
from nightmarket.settings import Settings
from nightmarket.sources.complete_journey import CompleteJourney
from nightmarket.sources.zones import local_date_sql, start_of_day_sql

# Half-hour zones, one that skipped a day (Apia 2011), one whose clocks change at midnight (Havana), a far one.
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Havana",
    "Pacific/Kiritimati",
    "UTC",
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(datetime(2009, 1, 1), datetime(2013, 1, 1)), min_size=1, max_size=20),
)
def test_the_local_date_of_an_instant_is_pythons(zone: str, instants: list[datetime]) -> None:
    sql = local_date_sql("instant", zone, min(instants).date(), max(instants).date())
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {sql} from (select unnest(?::timestamp[]) as instant)", [instants]
        ).fetchall()
    assert [row[0] for row in found] == [local_date(at.replace(tzinfo=UTC), zone) for at in instants]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.dates(date(2009, 1, 1), date(2013, 1, 1)), min_size=1, max_size=20))
def test_a_day_begins_when_python_says(zone: str, days: list[date]) -> None:
    sql = start_of_day_sql("day", zone, min(days), max(days))
    with duckdb.connect() as connection:
        found = connection.execute(f"select {sql} from (select unnest(?::date[]) as day)", [days]).fetchall()
    assert [row[0] for row in found] == [start_of_day_utc(day, zone).replace(tzinfo=None) for day in days]


def test_a_garbled_year_does_not_cost_a_scan_of_a_million_days() -> None:
    sql = local_date_sql("instant", "Europe/Berlin", date(1, 1, 1), date(9999, 12, 31))
    assert sql.count("when") < 400


def test_the_zone_of_the_complete_journey_moves_a_sixth_of_its_lines_to_the_day_before() -> None:
    path = next(f.path for f in CompleteJourney().inputs(Settings(_env_file=None)) if "transactions" in f.name)
    local = local_date_sql("transaction_timestamp", "America/New_York", date(2017, 1, 1), date(2018, 1, 1))
    n_moved, first, last, wrong_weeks = duckdb.execute(
        f"""
        select
            count(*) filter ({local} <> transaction_timestamp::date), min({local}), max({local}),
            -- The data set's own week is that of the local date: 1 is Sunday alone, later ones begin on Monday.
            count(*) filter (week <> 1 + ({local} - date '2016-12-26') // 7)
        from read_parquet(?)
        """,
        [str(path)],
    ).fetchall()[0]
    assert n_moved == 250_533  # 17.1 % of 1,469,307
    assert (first, last, wrong_weeks) == (date(2017, 1, 1), date(2017, 12, 31), 0)


def test_midnight_edges_fall_on_the_right_day() -> None:
    sql = local_date_sql("instant", "America/New_York", date(2017, 1, 1), date(2017, 12, 31))
    edges = [datetime(2017, 7, 1, 4), datetime(2017, 12, 1, 5)]
    instants = [at + timedelta(microseconds=shift) for at in edges for shift in (-1, 0)]
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {sql} from (select unnest(?::timestamp[]) as instant)", [instants]
        ).fetchall()
    assert [row[0] for row in found] == [date(2017, 6, 30), date(2017, 7, 1), date(2017, 11, 30), date(2017, 12, 1)]


def test_the_demo_is_found_without_importing_its_package() -> None:
    files = CompleteJourney().inputs(Settings(_env_file=None))
    assert len(files) == 11
    assert all(Path(file.path).exists() for file in files)
