"""What ``train`` and ``score`` refuse and name before they read a row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import StepMissing
from nightmarket.families.purchase_intent import FAMILY
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.io.night import Night
from nightmarket.settings import Settings
from nightmarket.steps import train
from nightmarket.steps.score import _run_id

AS_OF = date(2024, 6, 1)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A night of a shop whose first order is 152 days old, embedded and not yet transformed."""
    settings = Settings(var_dir=tmp_path / "var", threads=1)
    path = settings.landing_dir / "order_lines.parquet"
    path.parent.mkdir(parents=True)
    duckdb.execute(
        f"copy (select date '2024-01-01' as order_date, date '1970-01-01' as arrived_date) to '{path}' (format parquet)"
    )
    tables = {table.name: LandedTable(False, 0, 0, 0, ()) for table in SHOP_CONTRACT}
    tables["order_lines"] = LandedTable(True, 1, 1, 0, (LandedFile(path.name, sha256_of_file(path), 1),))
    snapshot = Snapshot("tiny", "UTC", "USD", date(2024, 5, 31), True, tables, ())
    write_snapshot(settings, snapshot)
    night = Night(settings, AS_OF, snapshot.snapshot_id)
    night.record("embed", {"encoder_key": "encoder", "dim": 2})
    return night


def test_an_origin_that_this_night_did_not_build_is_refused(night: Night) -> None:
    night.record("transform", {"as_of_dates": ["2024-06-01", "2024-05-04", "2024-03-09"]})
    with pytest.raises(StepMissing, match=r"Got no 2024-04-06 among .*Run `nightmarket transform --for-training`"):
        train.run(night.settings, family="purchase_intent", as_of=AS_OF, snapshot_id=night.snapshot_id)


def test_a_training_without_its_transform_is_refused(night: Night) -> None:
    with pytest.raises(StepMissing, match="Got no result of `transform`"):
        train.run(night.settings, family="purchase_intent", as_of=AS_OF, snapshot_id=night.snapshot_id)


@pytest.mark.parametrize("changed", [{"late_lookback_days": 30}, {"top_k_categories": 5}])
def test_a_run_with_another_setting_that_changes_rows_has_another_name(tmp_path: Path, changed: dict[str, int]) -> None:
    settings = Settings(var_dir=tmp_path, late_lookback_days=400, top_k_categories=None)
    named = _run_id(Night(settings, AS_OF, "s"), FAMILY, "m")
    assert _run_id(Night(settings.model_copy(update={"threads": 7}), AS_OF, "s"), FAMILY, "m") == named
    assert _run_id(Night(settings.model_copy(update=changed), AS_OF, "s"), FAMILY, "m") != named


def test_an_origin_that_was_built_for_other_families_only_is_refused(night: Night) -> None:
    dates = ["2024-06-01", "2024-05-04", "2024-04-06", "2024-03-09"]
    night.record("transform", {"as_of_dates": dates, "pair_dates": dates[:-1]})
    with pytest.raises(StepMissing, match=r"Got no 2024-03-09 among .*Run `nightmarket transform --for-training`"):
        train.run(night.settings, family="purchase_intent", as_of=AS_OF, snapshot_id=night.snapshot_id)
