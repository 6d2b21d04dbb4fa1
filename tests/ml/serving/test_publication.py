"""Publishing is one instant: before it the night before, after it the night after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.errors import NothingPublished
from nightmarket.families import SERVED_TABLES
from nightmarket.io import serving
from nightmarket.settings import Settings
from nightmarket.steps import publish

from .conftest import DAY_1, DAY_2, DAY_3, SNAPSHOT, nights_served, query_served, served_files


def test_a_published_night_can_be_selected_with_its_run(settings: Settings, stage_night: Any) -> None:
    night = stage_night(DAY_1)
    result = publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert result.rows == 6
    assert query_served(settings, "select count(*), max(probability) from scores.purchase_intent") == [(6, 0.25)]
    columns = [row[0] for row in query_served(settings, "describe scores.purchase_intent")]
    assert columns == [column.name for column in SERVED_TABLES["scores.purchase_intent"].columns]
    run = query_served(
        settings,
        "select run_id, attempt, as_of_date, n_rows, verdict, steps ->> '$.land.seconds', seconds, "
        "staged_sha256 = published_sha256 from ops.runs",
    )
    assert run == [("run-2017-11-29", 1, DAY_1, 6, "passed", "1.5", 8.0, True)]
    assert query_served(settings, "select border, not_provided from ops.checks where border = 'landed'") == [
        ("landed", '["inventory"]')
    ]
    assert night.staged_path("scores.purchase_intent").read_bytes() == next(iter(served_files(settings).values()))


def test_every_served_column_says_what_it_means(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    silent = query_served(
        settings,
        "select schema_name, table_name, column_name from duckdb_columns() where not internal and comment is null",
    )
    assert silent == []
    assert query_served(settings, "select comment from duckdb_views() where view_name = 'purchase_intent'") == [
        ("Who will buy what. One row per customer, category and night. The newest published night only.",)
    ]


def test_publishing_a_night_again_changes_nothing_but_the_attempt(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    before, rows = served_files(settings), query_served(settings, "from scores.purchase_intent_history order by all")
    result = publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert result.detail["attempt"] == 2
    assert served_files(settings) == before
    assert query_served(settings, "from scores.purchase_intent_history order by all") == rows
    identity = "run_id, as_of_date, snapshot_id, model_version, n_rows, verdict, checks, published_sha256"
    assert query_served(settings, f"select count(*), max(attempt), count(distinct ({identity})) from ops.runs") == [
        (2, 2, 1)
    ]


def test_publishing_other_rows_replaces_exactly_that_night(settings: Settings, stage_night: Any) -> None:
    for day in (DAY_1, DAY_2):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
    stage_night(DAY_2, shift=0.5)
    publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT)
    assert query_served(
        settings,
        "select as_of_date, count(*), min(probability) from scores.purchase_intent_history group by 1 order by 1",
    ) == [(DAY_1, 6, 0.0), (DAY_2, 6, 0.5)]


def test_a_backfill_never_turns_the_current_scores_back(settings: Settings, stage_night: Any) -> None:
    for day in (DAY_3, DAY_1):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
    assert nights_served(settings) == [DAY_3]
    assert nights_served(settings, "scores.purchase_intent_history") == [DAY_1, DAY_3]
    assert serving.published_nights(settings) == [DAY_1, DAY_3]


def test_the_serving_connection_reads_published_files_only(
    settings: Settings, stage_night: Any, tmp_path: Path
) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for query in (f"from read_csv('{secret}')", f"attach '{tmp_path}/x.duckdb'", "set enable_external_access = true"):
        with pytest.raises(duckdb.Error, match=r"disabled by configuration|has been locked"):
            query_served(settings, query)
    with pytest.raises(duckdb.Error, match="read-only"):
        query_served(settings, "delete from ops.runs")


def test_nothing_published_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(NothingPublished, match=r"Got no published night in .*Run `make nightly`\."):
        serving.open_serving(settings)
    assert serving.published_nights(settings) == []
    assert serving.recorded_model_version(settings, "scores.purchase_intent", DAY_1) is None


def test_the_recorded_model_version_is_that_of_the_newest_attempt(settings: Settings, stage_night: Any) -> None:
    for version in ("purchase_intent/1", "purchase_intent/2"):
        stage_night(DAY_1, model_version=version)
        publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    recorded = serving.recorded_model_version
    assert recorded(settings, "scores.purchase_intent", DAY_1) == "purchase_intent/2"
    assert recorded(settings, "scores.purchase_intent", DAY_2) is None
