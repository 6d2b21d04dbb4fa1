"""A publication that dies at any moment, or meets another, leaves whole nights served."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nightmarket.settings import Settings
from nightmarket.steps import publish

from .conftest import DAY_1, DAY_2, DAY_3, SNAPSHOT, nights_served, query_served

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


@pytest.mark.parametrize("die_at", ["stored", "built", "cataloged", "about to link"])
def test_a_kill_before_the_link_leaves_yesterday_served(settings: Settings, stage_night: Any, die_at: str) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    staged = stage_night(DAY_2).staged_path("scores.purchase_intent")
    child = _publish_and_die(settings, staged, DAY_2, die_at)
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.split("\n")[-2] == die_at
    assert nights_served(settings, "scores.purchase_intent_history") == [DAY_1]
    assert publish.run(settings, as_of=DAY_2, snapshot_id=SNAPSHOT).detail["attempt"] == 1
    assert nights_served(settings) == [DAY_2]
    assert [path for path in settings.serving_dir.rglob("*") if "next" in path.name] == []


def test_a_kill_after_the_link_leaves_tonight_served(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    _publish_and_die(settings, stage_night(DAY_2).staged_path("scores.purchase_intent"), DAY_2, "linked")
    assert nights_served(settings) == [DAY_2]


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
        served = query_served(settings, "select as_of_date, count(*) from scores.purchase_intent group by all")
        assert served in ([(DAY_1, 6)], [(DAY_2, 6)])


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
    assert nights_served(settings, "scores.purchase_intent_history") == [DAY_1, DAY_2, DAY_3]
    assert query_served(settings, "select count(*) from ops.runs") == [(3,)]


def _publish_and_die(settings: Settings, staged: Path, as_of: date, die_at: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PUBLISH_AND_DIE, str(settings.var_dir), str(staged), str(as_of), die_at]
    return subprocess.run(command, capture_output=True, text=True, check=False)
