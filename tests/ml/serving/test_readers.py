"""Who reads while others publish sees one night, whole."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from nightmarket.io import serving
from nightmarket.io.serving.catalog import served_link
from nightmarket.settings import Settings
from nightmarket.steps import publish

from .conftest import DAY_1, DAY_2, DAY_3, SNAPSHOT, nights_served, query_served


def test_a_reader_goes_on_reading_its_night_while_others_are_published(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    reader = serving.open_serving(settings)
    for day in (DAY_2, DAY_3):
        stage_night(day)
        publish.run(settings, as_of=day, snapshot_id=SNAPSHOT)
        assert reader.execute("select distinct as_of_date from scores.purchase_intent").fetchall() == [(DAY_1,)]
        assert nights_served(settings) == [day]
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
    assert query_served(settings, "select count(*) from ops.runs") == [(2,)]
