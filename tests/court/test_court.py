"""The court itself: what it lets pass, what it refuses, and what it leaves behind."""

from __future__ import annotations

from nightmarket.families import FAMILIES
from nightmarket.io.landing import Snapshot
from nightmarket.io.warehouse import open_warehouse
from nightmarket.settings import Settings
from nightmarket.steps.court import run

from .shop import NIGHT

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
