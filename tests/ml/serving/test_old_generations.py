"""Generations of old: kept for a while, then removed, and never in the way."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest

from nightmarket.io.serving.catalog import generations
from nightmarket.io.serving.pruning import prune
from nightmarket.settings import Settings
from nightmarket.steps import publish

from .conftest import DAY_1, DAY_2, SNAPSHOT, nights_served, query_served, served_files


def test_generations_are_removed_only_when_beyond_the_kept_and_past_the_grace(
    settings: Settings, stage_night: Any
) -> None:
    for shift in (0.0, 0.1, 0.2, 0.3, 0.4):
        stage_night(DAY_1, shift=shift)
        publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    assert len(generations(settings)) == 5
    assert len(served_files(settings)) == 5
    two_days_ago = time.time() - 48 * 3600
    for folder in list(generations(settings).values())[:4]:
        os.utime(folder / "catalog.json", (two_days_ago, two_days_ago))
    for file in settings.serving_dir.rglob("*.parquet"):
        os.utime(file, (two_days_ago, two_days_ago))
    prune(settings, served=generations(settings)[5])
    assert list(generations(settings)) == [3, 4, 5]
    assert len(served_files(settings)) == 3
    assert query_served(settings, "select min(probability) from scores.purchase_intent") == [(0.4,)]


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
    assert nights_served(settings, "scores.purchase_intent_history") == [DAY_1, DAY_2]
    assert len(served_files(settings)) == 3


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
    assert query_served(settings, "select as_of_date, attempt from ops.runs order by 1") == [(DAY_1, 1), (DAY_2, 1)]
