"""A tiny valid shop with every contract table, its features and its scores, for the borders to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.families import FAMILIES
from nightmarket.quality.suites import Suite, load_suite

from .corrupted import EXPECTATIONS
from .family_samples import TRAINING_DATE, build_features, build_scores, model_version_of, valid_values
from .forecast_samples import MODEL_VERSION, N_ROWS, build_forecasts
from .landed_samples import build_shop
from .staged_samples import AS_OF, RUN_ID
from .tiny_shop import COMPLETE_THROUGH, Shop


@pytest.fixture
def shop_of(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    """Give the tiny shop with the valid features and scores of a family, by its name."""
    with duckdb.connect() as connection:

        def build(name: str) -> Shop:
            family = FAMILIES[name]
            connection.execute("set threads = 1; set TimeZone = 'UTC'")
            build_shop(connection)
            build_features(connection, family, valid_values(family, "FEATURES"))
            for table in ("staged", "previous"):
                build_scores(connection, table, family, valid_values(family, "SCORES"))
            return Shop(connection=connection, folder=tmp_path, family=family)

        yield build


@pytest.fixture
def shop(shop_of: Callable[[str], Shop]) -> Shop:
    """Give the tiny shop with the family that is there from the first."""
    return shop_of("purchase_intent")


@pytest.fixture
def suite_called() -> Callable[..., Suite]:
    """Give a suite of ``expectations/`` by name, or with other expectations in it."""

    def load(name: str, **changes: Any) -> Suite:
        return replace(load_suite(EXPECTATIONS / f"{name}.yaml"), **changes)

    return load


@pytest.fixture
def tiny_var(tmp_path: Path) -> Callable[[], Any]:
    """Land the tiny shop under ``tmp_path``: a snapshot, a warehouse, a staged file and the night's records."""

    def make() -> Any:
        from nightmarket.io.atomic import sha256_of_file
        from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
        from nightmarket.io.night import Night
        from nightmarket.settings import Settings

        settings = Settings(var_dir=tmp_path / "var", threads=1, top_k_categories=None)
        (settings.landing_dir / "files").mkdir(parents=True)
        tables = {}
        with duckdb.connect() as connection:
            build_shop(connection)
            for table in SHOP_CONTRACT:
                if table.name == "reviews":
                    tables[table.name] = LandedTable(False, 0, 0, 0, ())
                    continue
                path = settings.landing_dir / "files" / f"{table.name}.parquet"
                connection.execute(f"copy raw.{table.name} to '{path}'")
                n_rows = connection.execute(f"select count(*) from raw.{table.name}").fetchone()
                assert n_rows
                file = LandedFile(f"files/{path.name}", sha256_of_file(path), n_rows[0])
                tables[table.name] = LandedTable(True, n_rows[0], n_rows[0], 0, (file,))
        snapshot = Snapshot("tiny", "America/New_York", "USD", COMPLETE_THROUGH, True, tables, ())
        write_snapshot(settings, snapshot)
        night = Night(settings, AS_OF, snapshot.snapshot_id)
        night.folder.mkdir(parents=True)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            for family in FAMILIES.values():
                build_features(connection, family, valid_values(family, "FEATURES"))
                for table in filter(None, (family.feature_view, family.label_table)):
                    connection.execute(f"update {table} set snapshot_id = '{snapshot.snapshot_id}'")
                build_scores(connection, "staged", family, valid_values(family, "SCORES"))
                connection.execute(f"copy staged to '{night.staged_path(family.score_table)}'; drop table staged")
            for name in N_ROWS:
                build_forecasts(connection, name, "staged", AS_OF)
                connection.execute(f"copy staged to '{night.staged_path(f'scores.{name}')}'; drop table staged")
        night.record(
            "transform", {"as_of_dates": [str(AS_OF), str(TRAINING_DATE)], "training_dates": [str(TRAINING_DATE)]}
        )
        for family in FAMILIES.values():
            night.record(
                f"score__{family.name}",
                {
                    "table": family.score_table,
                    "rows": 80 if len(family.keys) > 1 else 20,
                    "model_version": model_version_of(family),
                    "model_age_days": 0,
                    "run_id": RUN_ID,
                },
            )
        night.record(
            "score__demand",
            {
                "table": "scores.demand",
                "tables": {f"scores.{name}": {"rows": n_rows} for name, n_rows in N_ROWS.items()},
                "rows": N_ROWS["demand"],
                "model_version": MODEL_VERSION,
                "model_age_days": 0,
                "run_id": RUN_ID,
            },
        )
        return settings, night

    return make
