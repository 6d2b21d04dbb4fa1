"""The court itself: what it lets pass, what it refuses, and what it leaves behind."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import LeakFound, StepMissing
from nightmarket.families import FAMILIES
from nightmarket.io.court.worlds import show_world
from nightmarket.io.landing import Snapshot
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.sentinels import PLANS
from nightmarket.quality.court.trials import World
from nightmarket.settings import Settings
from nightmarket.steps.court import run
from nightmarket.steps.judging.session import Court, build_sample

from .shop import NIGHT, ORIGINS

Shop = tuple[Settings, Snapshot]


def test_the_project_as_it_is_passes_with_every_table_of_features_and_labels(built: Shop) -> None:
    settings, snapshot = built
    result = run(settings, as_of=NIGHT, snapshot_id=snapshot.snapshot_id)
    with open_warehouse(settings) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('features', 'labels') and table_name != 'lbl_windows'"
        ).fetchall()
    heard = {f"frames of {family}" for family in FAMILIES}
    assert set(result.detail["tables"]) == {name for (name,) in tables} | heard
    assert all(result.detail["tables"].values())
    assert result.detail["differences"] == 0
    assert result.rows == sum(result.detail["tables"].values())
    assert not (settings.var_dir / "court").exists()


def test_a_difference_is_refused_with_table_column_key_and_both_values(built: Shop, tmp_path: Path) -> None:
    settings, snapshot = built
    copy = settings.model_copy(update={"var_dir": tmp_path / "var"})
    shutil.copytree(settings.var_dir, copy.var_dir)
    with open_warehouse(copy, write=True) as connection:
        connection.execute(
            "update features.ftr_customer set customer__age_rank = 99 where as_of_date = ? and customer_id = 'c7'",
            [ORIGINS[-1]],
        )
    with pytest.raises(LeakFound) as refused:
        run(copy, as_of=NIGHT, snapshot_id=snapshot.snapshot_id)
    assert str(refused.value).startswith(
        "Got features.ftr_customer.customer__age_rank = 45 rebuilt for customer_id='c7' at 2024-04-15, "
        "but expected the stored 99 (1 rows differ): built from a shop that ends on the eve of 2024-04-15"
    )
    assert "features.ftr_purchase_intent" in str(refused.value)
    assert not (copy.var_dir / "court").exists()


def test_a_night_that_was_not_built_is_refused(built: Shop) -> None:
    settings, snapshot = built
    with pytest.raises(StepMissing, match=r"Got no features of 2024-06-11 .* Run `nightmarket transform`"):
        run(settings, as_of=date(2024, 6, 11), snapshot_id=snapshot.snapshot_id)


def test_a_sample_is_built_from_the_whole_history_of_some_customers(landed: Shop, tmp_path: Path) -> None:
    settings, snapshot = landed
    scratch = settings.model_copy(update={"var_dir": tmp_path})
    court = build_sample(Court(settings, settings, scratch, snapshot, NIGHT, n_customers=7))
    with open_warehouse(court.judged) as connection:
        found = connection.execute(
            "select as_of_date, count(*) from features.ftr_customer group by 1 order by 1 desc"
        ).fetchall()
    assert found == [(day, 7) for day in (NIGHT, *ORIGINS)]


def test_every_sentinel_comes_after_the_cut_by_one_of_its_times(landed: Shop, tmp_path: Path) -> None:
    settings, snapshot = landed
    scratch = settings.model_copy(update={"var_dir": tmp_path})
    show_world(settings, scratch, snapshot, World(NIGHT), n_customers=None)
    with open_warehouse(scratch) as connection:
        for table in SHOP_CONTRACT:
            happens = f"{table.event_column} >= $1" if table.event_column and table.name not in PLANS else "false"
            counted = connection.execute(
                f"select count(*), count(*) filter (where not (arrived_date >= $1 or {happens})), "
                f"count(*) - (select count(*) from raw.{table.name}) + (select count(*) from known.{table.name}) "
                f"from sentinels.{table.name}",
                [NIGHT],
            ).fetchone()
            assert counted is not None
            assert counted[1:] == (0, 0), table.name
            assert (counted[0] > 0) == (snapshot.tables[table.name].rows_in > 0), table.name
