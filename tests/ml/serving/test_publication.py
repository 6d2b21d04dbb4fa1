"""Publishing is one instant: before it the night before, after it the night after."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.contracts import SERVED_TABLES
from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io import serving
from nightmarket.io.serving.catalog import generations, served_link
from nightmarket.io.serving.pruning import prune
from nightmarket.settings import Settings
from nightmarket.steps import publish
from nightmarket.steps import relink as relink_step

DAY_1, DAY_2, DAY_3 = date(2017, 11, 29), date(2017, 11, 30), date(2017, 12, 1)
SNAPSHOT = "00112233aabbccdd"

# What a child process does: publish the staged night, and die without a farewell at one stage.
PUBLISH_AND_DIE = """
import os, signal, sys
from datetime import date
from pathlib import Path
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.serving import StagedTable, publish_night
from nightmarket.settings import Settings

var, path, as_of, die_at = Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), sys.argv[4]

def reached(stage):
    print(stage, flush=True)
    if stage == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

table = StagedTable(path, sha256_of_file(path), "purchase_intent", "r", "purchase_intent/1", "lightgbm")
publish_night(Settings(var_dir=var, threads=1), as_of=as_of, snapshot_id="00112233aabbccdd",
    staged={"scores.purchase_intent": table}, verdict="passed", checks={}, steps={}, reached=reached)
"""


def _query(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    connection = serving.open_serving(settings)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _nights(settings: Settings, table: str = "scores.purchase_intent") -> list[date]:
    return [row[0] for row in _query(settings, f"select distinct as_of_date from {table} order by 1")]


def _parquet(settings: Settings) -> dict[str, bytes]:
    folder = settings.serving_dir / "tables"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_a_published_night_can_be_selected_with_its_run(settings: Settings, stage_night: Any) -> None:
    night = stage_night(DAY_1)
    result = publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert result.rows == 6
    assert _query(settings, "select count(*), max(probability) from scores.purchase_intent") == [(6, 0.25)]
    columns = [row[0] for row in _query(settings, "describe scores.purchase_intent")]
    assert columns == [column.name for column in SERVED_TABLES["scores.purchase_intent"].columns]
    run = _query(
        settings,
        "select run_id, attempt, as_of_date, n_rows, verdict, steps ->> '$.land.seconds', seconds, "
        "staged_sha256 = published_sha256 from ops.runs",
    )
    assert run == [("run-2017-11-29", 1, DAY_1, 6, "passed", "1.5", 7.5, True)]
    assert _query(settings, "select border, not_provided from ops.checks where border = 'landed'") == [
        ("landed", '["inventory"]')
    ]
    assert night.staged_path("scores.purchase_intent").read_bytes() == next(iter(_parquet(settings).values()))


def test_every_served_column_says_what_it_means(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    silent = _query(
        settings,
        "select schema_name, table_name, column_name from duckdb_columns() where not internal and comment is null",
    )
    assert silent == []
    assert _query(settings, "select comment from duckdb_views() where view_name = 'purchase_intent'") == [
        ("Who will buy what. One row per customer, category and night. The newest published night only.",)
    ]


def test_publishing_a_night_again_changes_nothing_but_the_attempt(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    before, rows = _parquet(settings), _query(settings, "from scores.purchase_intent_history order by all")
    result = publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert result.detail["attempt"] == 2
    assert _parquet(settings) == before
    assert _query(settings, "from scores.purchase_intent_history order by all") == rows
    identity = "run_id, as_of_date, snapshot_id, model_version, n_rows, verdict, checks, published_sha256"
    assert _query(settings, f"select count(*), max(attempt), count(distinct ({identity})) from ops.runs") == [(2, 2, 1)]


def test_publishing_other_rows_replaces_exactly_that_night(settings: Settings, stage_night: Any) -> None:
    for day in (DAY_1, DAY_2):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
    stage_night(DAY_2, shift=0.5)
    publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT)
    assert _query(
        settings,
        "select as_of_date, count(*), min(probability) from scores.purchase_intent_history group by 1 order by 1",
    ) == [(DAY_1, 6, 0.0), (DAY_2, 6, 0.5)]


def test_a_backfill_never_turns_the_current_scores_back(settings: Settings, stage_night: Any) -> None:
    for day in (DAY_3, DAY_1):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
    assert _nights(settings) == [DAY_3]
    assert _nights(settings, "scores.purchase_intent_history") == [DAY_1, DAY_3]
    assert serving.published_nights(settings) == [DAY_1, DAY_3]


@pytest.mark.parametrize("die_at", ["stored", "built", "cataloged", "about to link"])
def test_a_kill_before_the_link_leaves_yesterday_served(settings: Settings, stage_night: Any, die_at: str) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    staged = stage_night(DAY_2).staged_path("scores.purchase_intent")
    child = _publish_and_die(settings, staged, DAY_2, die_at)
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.split("\n")[-2] == die_at
    assert _nights(settings, "scores.purchase_intent_history") == [DAY_1]
    assert publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT).detail["attempt"] == 1
    assert _nights(settings) == [DAY_2]
    assert [path for path in settings.serving_dir.rglob("*") if "next" in path.name] == []


def test_a_kill_after_the_link_leaves_tonight_served(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    _publish_and_die(settings, stage_night(DAY_2).staged_path("scores.purchase_intent"), DAY_2, "linked")
    assert _nights(settings) == [DAY_2]


def test_a_kill_at_any_moment_leaves_a_whole_night_served(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    staged = stage_night(DAY_2).staged_path("scores.purchase_intent")
    for pause in (0.0, 0.004, 0.008, 0.016, 0.032):
        command = [sys.executable, "-c", PUBLISH_AND_DIE, str(settings.var_dir), str(staged), str(DAY_2), "never"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pause)
            child.kill()
        served = _query(settings, "select as_of_date, count(*) from scores.purchase_intent group by all")
        assert served in ([(DAY_1, 6)], [(DAY_2, 6)])


def test_a_reader_goes_on_reading_its_night_while_others_are_published(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    reader = serving.open_serving(settings)
    for day in (DAY_2, DAY_3):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
        assert reader.execute("select distinct as_of_date from scores.purchase_intent").fetchall() == [(DAY_1,)]
        assert _nights(settings) == [day]
    reader.close()


def test_a_reader_in_another_process_opens_the_link(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    count = "select count(*) from scores.purchase_intent"
    code = f"import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql({count!r}).fetchone())"
    command = [sys.executable, "-c", code, str(served_link(settings))]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "(6,)\n"


def test_a_dead_writing_readers_wal_cannot_reach_the_next_night(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    link = served_link(settings)
    (link.parent / link.readlink()).chmod(0o644)
    vandal = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('delete from ops.runs'); os._exit(1)"
    subprocess.run([sys.executable, "-c", vandal, str(link)], check=False)
    stage_night(DAY_2)
    publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT)
    assert _query(settings, "select count(*) from ops.runs") == [(2,)]


def test_two_publications_at_once_are_both_served(settings: Settings, stage_night: Any) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH_AND_DIE, str(settings.var_dir), str(staged), str(day), "never"],
            stdout=subprocess.DEVNULL,
        )
        for day in (DAY_1, DAY_2, DAY_3)
        for staged in [stage_night(day).staged_path("scores.purchase_intent")]
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert _nights(settings, "scores.purchase_intent_history") == [DAY_1, DAY_2, DAY_3]
    assert _query(settings, "select count(*) from ops.runs") == [(3,)]


def test_the_serving_connection_reads_published_files_only(
    settings: Settings, stage_night: Any, tmp_path: Path
) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for query in (f"from read_csv('{secret}')", f"attach '{tmp_path}/x.duckdb'", "set enable_external_access = true"):
        with pytest.raises(duckdb.Error, match=r"disabled by configuration|has been locked"):
            _query(settings, query)
    with pytest.raises(duckdb.Error, match="read-only"):
        _query(settings, "delete from ops.runs")


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


def test_a_moved_store_is_refused_until_it_is_relinked(settings: Settings, stage_night: Any, tmp_path: Path) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    shutil.move(settings.var_dir, tmp_path / "moved")
    moved = Settings(var_dir=tmp_path / "moved", threads=1)
    with pytest.raises(ServingMoved, match=r"Run `nightmarket relink`\."):
        serving.open_serving(moved)
    result = relink_step.run(moved)
    assert result.detail["nights"] == ["2017-11-29"]
    assert _nights(moved) == [DAY_1]
    assert _query(moved, "select count(*) from ops.runs") == [(1,)]


def test_relink_mends_a_copy_that_followed_the_link(settings: Settings, stage_night: Any, tmp_path: Path) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    shutil.copytree(settings.var_dir, tmp_path / "copy", symlinks=False)
    copied = Settings(var_dir=tmp_path / "copy", threads=1)
    with pytest.raises(ServingMoved, match="does not lead to a generation"):
        serving.open_serving(copied)
    relink_step.run(copied)
    assert _nights(copied) == [DAY_1]


def test_relink_names_a_file_that_did_not_come_along(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    next(settings.serving_dir.rglob("*.parquet")).unlink()
    with pytest.raises(ServingMoved, match=r"Got no file .*\.parquet, expected every published file"):
        relink_step.run(settings)


def test_generations_are_removed_only_when_beyond_the_kept_and_past_the_grace(
    settings: Settings, stage_night: Any
) -> None:
    for shift in (0.0, 0.1, 0.2, 0.3, 0.4):
        stage_night(DAY_1, shift=shift)
        publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert len(generations(settings)) == 5
    assert len(_parquet(settings)) == 5
    two_days_ago = time.time() - 48 * 3600
    for folder in list(generations(settings).values())[:4]:
        os.utime(folder / "catalog.json", (two_days_ago, two_days_ago))
    for file in settings.serving_dir.rglob("*.parquet"):
        os.utime(file, (two_days_ago, two_days_ago))
    prune(settings, served=generations(settings)[5])
    assert list(generations(settings)) == [3, 4, 5]
    assert len(_parquet(settings)) == 3
    assert _query(settings, "select min(probability) from scores.purchase_intent") == [(0.4,)]


@pytest.mark.parametrize("text", ["{", "[]", '{"tables": {"scores.purchase_intent": {"2017-11-29": "a file"}}}'])
def test_a_catalog_of_old_that_cannot_be_read_fails_no_publication_and_loses_no_file(
    settings: Settings, stage_night: Any, text: str
) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    stage_night(DAY_1, shift=0.1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    old = generations(settings)[1] / "catalog.json"
    old.write_text(text)
    two_days_ago = time.time() - 48 * 3600
    for path in (old, *settings.serving_dir.rglob("*.parquet")):
        os.utime(path, (two_days_ago, two_days_ago))
    stage_night(DAY_2)
    publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT)
    assert _nights(settings, "scores.purchase_intent_history") == [DAY_1, DAY_2]
    assert len(_parquet(settings)) == 3


def test_a_catalog_of_an_older_version_is_served_on(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    path = generations(settings)[1] / "catalog.json"
    raw = json.loads(path.read_text())
    kept = ("run_id", "as_of_date", "table_name")
    raw["runs"] = [{name: run[name] for name in kept} for run in raw["runs"]]
    path.write_text(json.dumps(raw))
    stage_night(DAY_2)
    publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT)
    assert _query(settings, "select as_of_date, attempt from ops.runs order by 1") == [(DAY_1, 1), (DAY_2, 1)]


def _publish_and_die(settings: Settings, staged: Path, as_of: date, die_at: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PUBLISH_AND_DIE, str(settings.var_dir), str(staged), str(as_of), die_at]
    return subprocess.run(command, capture_output=True, text=True, check=False)
