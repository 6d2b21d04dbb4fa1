from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from nightmarket.families import FAMILIES
from nightmarket.settings import PROJECT_DIR

MODELS = PROJECT_DIR / "dbt_project" / "models"
SQL_FILES = sorted(MODELS.rglob("*.sql"))
DESCRIBED_FOLDERS = {"marts", "features", "labels"}


def _described(sql: Path) -> dict[str, Any]:
    content = yaml.safe_load(sql.with_suffix(".yml").read_text(encoding="utf-8"))
    (model,) = content["models"]
    found: dict[str, Any] = model
    return found


def test_every_model_is_a_pair_of_files() -> None:
    described = {path.with_suffix("") for path in MODELS.rglob("*.yml")} - {MODELS / "staging" / "sources"}
    assert {path.with_suffix("") for path in SQL_FILES} == described
    assert SQL_FILES


@pytest.mark.parametrize("sql", SQL_FILES, ids=lambda path: path.stem)
def test_a_model_says_its_grain_in_the_last_sentence(sql: Path) -> None:
    model = _described(sql)
    assert model["name"] == sql.stem
    assert model["description"].strip().rstrip(".").split(". ")[-1].startswith("One row per ")


@pytest.mark.parametrize(
    "sql", [path for path in SQL_FILES if path.parent.name in DESCRIBED_FOLDERS], ids=lambda path: path.stem
)
def test_a_table_for_people_or_models_describes_and_types_every_column(sql: Path) -> None:
    columns = _described(sql)["columns"]
    assert [column["name"] for column in columns if not (column.get("description") and column.get("data_type"))] == []


@pytest.mark.parametrize("sql", SQL_FILES, ids=lambda path: path.stem)
def test_a_model_is_short_and_ends_with_its_final_rows(sql: Path) -> None:
    lines = sql.read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "select * from final"
    assert len(lines) <= 100


@pytest.mark.parametrize("sql", SQL_FILES, ids=lambda path: path.stem)
def test_only_staging_reads_the_sources(sql: Path) -> None:
    assert ("source('raw'" in sql.read_text(encoding="utf-8")) == (sql.parent.name == "staging")


def test_a_family_that_reads_no_pairs_is_made_of_none() -> None:
    # Its training origins lack them: the same feature would mean another thing there than in the night.
    models = {path.stem: path.read_text(encoding="utf-8") for path in SQL_FILES}
    for family in FAMILIES.values():
        if family.reads_pairs or family.feature_view is None:
            continue
        assert not family.uses_text
        seen: set[str] = set()
        to_see = {family.feature_view.removeprefix("features.")}
        while to_see:
            name = to_see.pop()
            seen.add(name)
            assert "pair_dates()" not in models[name], f"{family.name} reads {name}"
            to_see |= set(re.findall(r"ref\('(\w+)'\)", models[name])) - seen
