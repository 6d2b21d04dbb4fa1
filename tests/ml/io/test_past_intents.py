"""Purchase intents of earlier nights: read from what was published, and only of models that did not know the night."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.past_intents import read_past_intents
from nightmarket.io.registry import register
from nightmarket.io.serving import StagedTable, publish_night
from nightmarket.io.tracking import RunRecord, log_training
from nightmarket.settings import Settings

FAMILY, TABLE = "purchase_intent", "scores.purchase_intent"
NIGHTS = [date(2024, 5, 13), date(2024, 5, 20), date(2024, 5, 27)]
# MLflow 3.17 asks SQLAlchemy for a strategy that 2.1 deprecates; goes when MLflow stops.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")


def _publish(settings: Settings, night: date, model_version: str) -> None:
    """Publish three customers, each with a probability of a quarter for tea and of a half for coffee."""
    path = settings.var_dir / f"{night}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = ", ".join(f"null::varchar as reason_{i}" for i in (1, 2, 3))
    duckdb.execute(
        f"copy (select 'c' || c as customer_id, category_id, date '{night}' as as_of_date, "
        f"28::integer as horizon_days, p::double as probability, {reasons}, "
        f"'{model_version}' as model_version, 'r' as run_id from range(3) as t(c), "
        f"(values ('COFFEE', .5), ('TEA', .25)) as k(category_id, p) order by all) to '{path}' (format parquet)"
    )
    staged = StagedTable(path, sha256_of_file(path), FAMILY, "r", model_version, "frequency", None, {})
    publish_night(settings, as_of=night, snapshot_id="s", staged={TABLE: staged}, verdict="passed", checks={}, steps={})


def _register(settings: Settings, folder: Path, label_cutoff: date) -> str:
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    run_id = log_training(settings, FAMILY, RunRecord("training", {}, {}, {}), {}, folder)
    return register(
        settings,
        family=FAMILY,
        run_id=run_id,
        label_cutoff=label_cutoff,
        recipe="frequency",
        gate_passed=True,
        reason="because",
        inputs_key="k",
        manifest_sha256="0" * 64,
    ).name


def test_a_shop_that_published_nothing_has_no_intents(tmp_path: Path) -> None:
    assert read_past_intents(Settings(var_dir=tmp_path / "var"), date(2024, 6, 3)) == {}


def test_intents_are_summed_over_customers_where_the_model_did_not_know_the_night(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var", threads=1)
    honest, knowing = (_register(settings, tmp_path / f"m{i}", day) for i, day in enumerate(NIGHTS[1:]))
    _publish(settings, NIGHTS[0], honest)  # scored by a model that was trained a week later
    _publish(settings, NIGHTS[1], honest)
    _publish(settings, NIGHTS[2], knowing)
    assert read_past_intents(settings, date(2024, 6, 3)) == {
        NIGHTS[1]: {"COFFEE": 1.5, "TEA": 0.75},
        NIGHTS[2]: {"COFFEE": 1.5, "TEA": 0.75},
    }
    assert list(read_past_intents(settings, NIGHTS[2])) == [NIGHTS[1]]


def test_nights_of_a_model_that_is_not_registered_are_left_out(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var", threads=1)
    _publish(settings, NIGHTS[0], "purchase_intent/9/frequency")
    assert read_past_intents(settings, date(2024, 6, 3)) == {}
