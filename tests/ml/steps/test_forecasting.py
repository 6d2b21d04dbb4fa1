"""Training and scoring a forecaster on a warehouse: versions, staged tables that add up, the same bytes again."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.ml.invented_sales import SNAPSHOT, invent_sales

from nightmarket.errors import ModelCorrupted, NoChampion, StepMissing
from nightmarket.families.demand import FAMILY
from nightmarket.io.night import Night
from nightmarket.io.panels import PanelReader
from nightmarket.io.registry import champion, model_folder
from nightmarket.io.serving.staged import validate_staged
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.demand import train_demand
from nightmarket.modeling.demand.candidates import BY_HAND
from nightmarket.modeling.demand.classes import CLASSES
from nightmarket.settings import Settings
from nightmarket.steps import score, train
from nightmarket.steps.forecasting.gate import SIMPLE, hold_gate

NIGHT = date(2024, 6, 3)
# MLflow 3.17.2 on SQLAlchemy 2.1; until a version of MLflow that no longer loads its tags so.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")


def _land(folder: Path, *, n_days: int, n_products: int = 12) -> Settings:
    settings = Settings(source="files", var_dir=folder, threads=1)
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        invent_sales(connection, NIGHT, n_products=n_products, n_days=n_days)
    Night(settings, NIGHT, SNAPSHOT).record("embed", {"encoder_key": "e", "dim": 2})
    return settings


def _rows(settings: Settings, table: str, select: str) -> list[tuple[Any, ...]]:
    path = Night(settings, NIGHT, SNAPSHOT).staged_path(table)
    return duckdb.sql(f"select {select} from read_parquet('{path}')").fetchall()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop with 30 weeks of sales, trained and scored."""
    settings = _land(tmp_path_factory.mktemp("shop") / "var", n_days=210)
    with warnings.catch_warnings():  # a mark does not reach a fixture of the module
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        for step in (train, score):
            step.run(settings, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    return settings


def test_a_training_registers_a_version_that_passed_its_gate(settings: Settings) -> None:
    version = champion(settings, "demand")
    assert version is not None
    assert (version.gate_passed, version.label_cutoff, version.source) == (True, NIGHT, "files")
    assert "category WAPE" in version.reason
    assert "product WAPE" in version.reason


def test_a_level_that_is_worse_than_its_baseline_is_forecast_by_it_and_the_other_is_not(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        reader = PanelReader(connection, SNAPSHOT, night=NIGHT)
        model = train_demand(reader.panel, NIGHT, seed=0, threads=1)
        worse = [
            {name: {**found, "wape": 9.0} if name.startswith("category/") else found for name, found in origin.items()}
            for origin in model.evaluation["origins"]
        ]
        kept, verdict = hold_gate(replace(model, evaluation={"origins": worse}), reader.panel, NIGHT)
    assert (verdict.recipe, verdict.passed) == ("best_per_class", True)
    assert {kept.choice.method("category", one) for one in CLASSES} <= {name + BY_HAND for name in SIMPLE}
    assert [kept.choice.method("product", one) for one in CLASSES] == [
        model.choice.method("product", one) for one in CLASSES
    ]


def test_training_again_if_needed_is_not_needed(settings: Settings) -> None:
    assert train.run(settings, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT, if_needed=True) is None


def test_both_tables_are_staged_as_they_are_declared(settings: Settings) -> None:
    night = Night(settings, NIGHT, SNAPSHOT)
    counted = {table.name: validate_staged(table.name, night.staged_path(table.name), NIGHT) for table in FAMILY.tables}
    assert counted == {"scores.demand": 8 * (12 + 3 + 1), "scores.sales_forecast": (56 + 8) * (3 + 1)}


def test_the_record_names_every_table_with_its_rows_and_hash(settings: Settings) -> None:
    result = score.run(settings, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    tables = result.detail["tables"]
    assert list(tables) == ["scores.demand", "scores.sales_forecast"]
    assert result.detail["table"] == "scores.demand"
    assert result.rows == tables["scores.demand"]["rows"]
    assert result.detail["model_age_days"] == 0


def test_products_add_up_to_categories_and_days_to_weeks(settings: Settings) -> None:
    sums = "round(sum(units) filter (where level = '{}'), 6)"
    [row] = _rows(settings, "scores.demand", ", ".join(map(sums.format, ("product", "category", "total"))))
    assert row[0] == row[1] == row[2]
    assert row[0] == pytest.approx(8 * 7 * 12 * 2.5 * 7 / 6, rel=0.05)
    each = "round(sum(sales_amount) filter (where grain = '{}' and level = '{}'), 2)"
    pairs = [(grain, level) for grain in ("day", "week") for level in ("category", "total")]
    [amounts] = _rows(settings, "scores.sales_forecast", ", ".join(each.format(*pair) for pair in pairs))
    assert len(set(amounts)) == 1


def test_scoring_a_night_twice_gives_the_same_bytes(settings: Settings) -> None:
    night = Night(settings, NIGHT, SNAPSHOT)
    before = {table.name: night.staged_path(table.name).read_bytes() for table in FAMILY.tables}
    score.run(settings, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    assert {name: night.staged_path(name).read_bytes() for name in before} == before


def test_training_twice_makes_the_same_files(settings: Settings, tmp_path: Path) -> None:
    again = _land(tmp_path / "var", n_days=210)
    train.run(again, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    versions = [champion(one, "demand") for one in (settings, again)]
    assert versions[0] is not None
    assert versions[1] is not None
    assert versions[0].manifest_sha256 == versions[1].manifest_sha256


def test_a_shop_of_ten_weeks_gets_a_mean_and_its_rows_say_so(tmp_path: Path) -> None:
    young = _land(tmp_path / "var", n_days=70)
    train.run(young, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    score.run(young, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    methods = _rows(young, "scores.demand", "distinct method") + _rows(
        young, "scores.sales_forecast", "distinct method"
    )
    assert all("mean of" in method or method == "sum of categories" for (method,) in methods)


def test_a_model_whose_file_changed_is_refused(tmp_path: Path) -> None:
    young = _land(tmp_path / "var", n_days=70)
    train.run(young, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)
    version = champion(young, "demand")
    assert version is not None
    path = model_folder(young, version) / "sales" / "sales.json"
    path.write_text(path.read_text() + " ")
    with pytest.raises(ModelCorrupted, match=r"sales\.json but expected SHA-256"):
        score.run(young, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)


def test_a_night_without_a_version_is_told_to_train(tmp_path: Path) -> None:
    young = _land(tmp_path / "var", n_days=70)
    with pytest.raises(NoChampion, match="Run `nightmarket train demand"):
        score.run(young, family="demand", as_of=NIGHT, snapshot_id=SNAPSHOT)


def test_a_night_that_was_not_transformed_is_not_trained_on(tmp_path: Path) -> None:
    young = _land(tmp_path / "var", n_days=70)
    later = NIGHT + timedelta(days=1)
    Night(young, later, SNAPSHOT).record("embed", {"encoder_key": "e", "dim": 2})
    with pytest.raises(StepMissing, match="Run `nightmarket transform`"):
        train.run(young, family="demand", as_of=later, snapshot_id=SNAPSHOT)
