"""A serving store that was moved or copied is refused until it is relinked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightmarket.contracts import Column
from nightmarket.errors import ServingMoved
from nightmarket.families import SERVED_TABLES
from nightmarket.io import serving
from nightmarket.settings import Settings
from nightmarket.steps import publish
from nightmarket.steps import relink as relink_step

from .conftest import DAY_1, SNAPSHOT, nights_served, query_served


def test_a_moved_store_is_refused_until_it_is_relinked(settings: Settings, stage_night: Any, tmp_path: Path) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    shutil.move(settings.var_dir, tmp_path / "moved")
    moved = Settings(var_dir=tmp_path / "moved", threads=1)
    with pytest.raises(ServingMoved, match=r"Run `nightmarket relink`\."):
        serving.open_serving(moved)
    result = relink_step.run(moved)
    assert result.detail["nights"] == ["2017-11-29"]
    assert nights_served(moved) == [DAY_1]
    assert query_served(moved, "select count(*) from ops.runs") == [(1,)]


def test_nights_from_before_a_column_was_added_show_null_there(
    settings: Settings, stage_night: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    table = SERVED_TABLES["scores.purchase_intent"]
    wider = replace(table, columns=(*table.columns, Column("margin_amount", "DOUBLE", "What it earns.")))
    monkeypatch.setitem(SERVED_TABLES, "scores.purchase_intent", wider)
    relink_step.run(settings)
    for name in ("scores.purchase_intent", "scores.purchase_intent_history"):
        assert query_served(settings, f"select distinct margin_amount from {name}") == [(None,)]


def test_relink_mends_a_copy_that_followed_the_link(settings: Settings, stage_night: Any, tmp_path: Path) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    shutil.copytree(settings.var_dir, tmp_path / "copy", symlinks=False)
    copied = Settings(var_dir=tmp_path / "copy", threads=1)
    with pytest.raises(ServingMoved, match="does not lead to a generation"):
        serving.open_serving(copied)
    relink_step.run(copied)
    assert nights_served(copied) == [DAY_1]


def test_relink_names_a_file_that_did_not_come_along(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY_1)
    publish.run(settings, as_of=DAY_1, snapshot_id=SNAPSHOT)
    next(settings.serving_dir.rglob("*.parquet")).unlink()
    with pytest.raises(ServingMoved, match=r"Got no file .*\.parquet, expected every published file"):
        relink_step.run(settings)
