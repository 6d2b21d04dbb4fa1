"""What publish refuses leaves the store as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.errors import PublishRefused, StepMissing
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import BORDERS, Night
from nightmarket.io.serving import StagedTable, publish_night, published_nights
from nightmarket.settings import Settings
from nightmarket.steps import publish

DAY = date(2017, 12, 1)
SNAPSHOT = "00112233aabbccdd"


def _restage(night: Night, select: str) -> None:
    """Replace the staged rows by ``select`` over them, as if they had been checked like that."""
    path = night.staged_path("scores.purchase_intent")
    other = path.with_suffix(".other")
    duckdb.sql(f"copy ({select.format(staged=f'(from read_parquet({str(path)!r}))')}) to '{other}' (format parquet)")
    other.replace(path)
    night.record(
        "check__scores", {**night.read("check__scores"), "sha256": {"scores.purchase_intent": sha256_of_file(path)}}
    )


def _refuse(settings: Settings, match: str) -> None:
    with pytest.raises(PublishRefused, match=match):
        publish.run(settings, as_of=DAY, snapshot_id=SNAPSHOT)
    assert published_nights(settings) == []


@pytest.mark.parametrize("border", BORDERS)
def test_a_night_with_an_unchecked_border_is_refused(settings: Settings, stage_night: Any, border: str) -> None:
    stage_night(DAY).forget(f"check__{border}")
    _refuse(settings, rf"Got no passed `check {border}` for 2017-12-01 .*Run `nightmarket check {border}")


def test_scores_that_failed_their_check_are_refused(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY, verdict="failed")
    _refuse(settings, r"Got the verdict 'failed' of `check scores` for 2017-12-01, expected passed or warned\.")


def test_scores_with_warnings_are_published_as_warned(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY, verdict="warned")
    assert publish.run(settings, as_of=DAY, snapshot_id=SNAPSHOT).detail["verdict"] == "warned"


def test_a_staged_file_that_changed_since_its_check_is_refused(settings: Settings, stage_night: Any) -> None:
    path = stage_night(DAY).staged_path("scores.purchase_intent")
    path.write_bytes(path.read_bytes() + b"x")
    _refuse(settings, r"Got .*parquet changed since its check, expected SHA-256")


def test_a_staged_file_that_is_gone_is_refused(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY).staged_path("scores.purchase_intent").unlink()
    _refuse(settings, r"Got no staged scores\.purchase_intent at")


def test_a_family_that_was_not_scored_stops_the_whole_night(settings: Settings, stage_night: Any) -> None:
    stage_night(DAY).forget("score__purchase_intent")
    with pytest.raises(StepMissing, match="Got no result of `score__purchase_intent`"):
        publish.run(settings, as_of=DAY, snapshot_id=SNAPSHOT)
    assert published_nights(settings) == []


@pytest.mark.parametrize(
    ("select", "match"),
    [
        (
            "select * exclude reason_3 from {staged}",
            r"with columns .*expected \(customer_id VARCHAR, category_id VARCHAR",
        ),
        ("select * replace (probability::float as probability) from {staged}", r"probability FLOAT"),
        ("select * from {staged} where false", r"Got 0 rows of scores\.purchase_intent for 2017-12-01"),
        ("from {staged} union all from {staged}", r"Got 12 rows .* with 6 distinct \(customer_id, category_id"),
        ("select * replace (date '2017-11-01' as as_of_date) from {staged}", r"Got 6 rows .* not of 2017-12-01"),
    ],
)
def test_a_staged_table_that_is_not_the_contracts_is_refused(
    settings: Settings, stage_night: Any, select: str, match: str
) -> None:
    _restage(stage_night(DAY), select)
    _refuse(settings, match)


def test_one_refused_table_withholds_all_of_the_night(settings: Settings, stage_night: Any, tmp_path: Path) -> None:
    path = stage_night(DAY).staged_path("scores.purchase_intent")
    good = StagedTable(path, sha256_of_file(path), "purchase_intent", "r", "purchase_intent/1", "lightgbm")
    with pytest.raises(PublishRefused, match=r"Got a staged table 'scores\.unknown' but expected one of"):
        publish_night(
            settings,
            as_of=DAY,
            snapshot_id=SNAPSHOT,
            staged={"scores.purchase_intent": good, "scores.unknown": good},
            verdict="passed",
            checks={},
            steps={},
        )
    assert published_nights(settings) == []


def test_a_file_swapped_between_check_and_copy_is_refused(settings: Settings, stage_night: Any) -> None:
    path = stage_night(DAY).staged_path("scores.purchase_intent")
    table = StagedTable(path, "0" * 64, "purchase_intent", "r", "purchase_intent/1", "lightgbm")
    with pytest.raises(PublishRefused, match=r"but the check of scores\.purchase_intent saw 000000000000…"):
        publish_night(
            settings,
            as_of=DAY,
            snapshot_id=SNAPSHOT,
            staged={"scores.purchase_intent": table},
            verdict="passed",
            checks={},
            steps={},
        )
    assert published_nights(settings) == []
