"""What holds for every family, whatever it predicts: each test names the file that is to be mended."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest
import yaml

from nightmarket.contracts import ID
from nightmarket.errors import UnknownFamily
from nightmarket.families import FAMILIES, PREDICTIONS, SERVED_TABLES, get_family
from nightmarket.families.base import Family, Kind
from nightmarket.modeling.metrics import METRICS
from nightmarket.modeling.recipes import RECIPES
from nightmarket.settings import PROJECT_DIR

DBT = PROJECT_DIR / "dbt_project"
HEADS = [(family, head) for family in FAMILIES.values() for head in family.heads]

each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
each_head = pytest.mark.parametrize(
    ("family", "head"), HEADS, ids=[f"{family.name}-{head.name}" for family, head in HEADS]
)


def _columns_of(relation: str) -> dict[str, str]:
    """Columns and types that the .yml beside the model promises."""
    schema, name = relation.split(".")
    described = yaml.safe_load((DBT / "models" / schema / f"{name}.yml").read_text(encoding="utf-8"))
    return {column["name"]: column["data_type"] for column in described["models"][0]["columns"]}


def test_every_module_beside_base_is_a_prediction_of_its_name() -> None:
    folder = PROJECT_DIR / "ml" / "nightmarket" / "families"
    assert sorted(PREDICTIONS) == sorted(
        path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "base")
    )


def test_the_families_can_be_named_without_importing_what_is_heavy() -> None:
    heavy = ["numpy", "pyarrow", "duckdb", "lightgbm", "sklearn", "scipy", "pandas", "mlflow"]
    code = f"import sys, nightmarket.families; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@each_family
def test_a_family_has_a_suite_at_each_border_and_tests_of_its_name(family: Family) -> None:
    wanted = [
        f"expectations/scores__{family.name}.yaml",
        f"tests/ml/families/test_{family.name}.py",
        *([f"expectations/features__{family.name}.yaml"] if family.feature_view else []),
    ]
    assert [path for path in wanted if not (PROJECT_DIR / path).is_file()] == []


@each_family
def test_a_row_is_of_a_customer_and_perhaps_of_one_thing_more(family: Family) -> None:
    assert family.key_names[0] == "customer_id"
    assert 1 <= len(family.keys) <= 2
    assert {column.type for column in family.keys} == {ID}


@each_family
def test_rows_come_from_a_view_or_are_built(family: Family) -> None:
    assert (family.feature_view is None) != (family.build is None)
    assert family.feature_view is not None or not family.columns


@each_family
def test_rows_with_cuts_of_their_own_come_from_a_view_and_may_be_none(family: Family) -> None:
    if family.cut_column is None:
        return
    assert family.feature_view is not None
    assert family.is_optional
    assert all(head.outcome is not None for head in family.heads), "a row without a label is not over, and no no"
    described = _columns_of(family.feature_view)
    assert {name: described[name].upper() for name in family.row_columns} == family.row_columns


@each_family
def test_every_feature_has_exactly_one_reason(family: Family) -> None:
    if family.make_reasons is not None and not family.reasons:
        return
    counted = Counter(feature for reason in family.reasons for feature in reason.features)
    assert counted == Counter(family.feature_columns)
    assert max(counted.values()) == 1


@each_family
def test_the_feature_view_of_every_family_gives_its_keys_and_columns(family: Family) -> None:
    if family.feature_view is None:
        return
    wanted = ["snapshot_id", "as_of_date", *family.key_names, *family.row_columns, *family.columns]
    assert [name for name in wanted if name not in _columns_of(family.feature_view)] == []


@each_family
def test_the_label_table_of_every_family_gives_its_keys_and_outcomes(family: Family) -> None:
    assert family.label_table == f"labels.lbl_{family.name}"
    wanted = ["snapshot_id", "as_of_date", *family.key_names, *(head.outcome for head in family.heads if head.outcome)]
    assert [name for name in wanted if name not in _columns_of(family.label_table)] == []


@each_head
def test_a_head_competes_with_known_recipes_of_which_one_is_its_baseline(family: Family, head) -> None:
    assert [name for name in head.recipes if name not in RECIPES] == []
    assert head.baseline in head.recipes
    assert head.metrics in METRICS
    assert set(family.features_of(head)) <= set(family.feature_columns)


@each_head
def test_a_head_looks_as_far_as_a_label_window_does(family: Family, head) -> None:
    project = (DBT / "dbt_project.yml").read_text(encoding="utf-8")
    [horizons] = re.findall(r"horizons_days: \[(.*)\]", project)
    assert str(head.horizon_days) in horizons.split(", ")
    assert head.horizon_days % 28 == 0


@each_head
def test_absence_of_a_label_means_no_only_in_the_window_that_is_known_to_be_closed(family: Family, head) -> None:
    assert head.outcome is not None or head.horizon_days == family.horizon_days, (
        f"{head.name} looks further than {family.primary.name}: give it a column that is null while its window is open"
    )


@each_head
def test_a_head_is_published_with_its_interval_where_it_is_an_amount(family: Family, head) -> None:
    types = {column.name: column.type for column in family.predictions}
    names = [head.name, f"{head.name}_low", f"{head.name}_high"] if head.kind is Kind.AMOUNT else [head.name]
    assert {name: types.get(name) for name in names} == dict.fromkeys(names, "DOUBLE")


@each_family
def test_what_no_head_predicts_is_described(family: Family) -> None:
    by_heads = {f"{head.name}{end}" for head in family.heads for end in ("", "_low", "_high")}
    others = [column.name for column in family.predictions if column.name not in by_heads]
    assert not others or family.describe is not None


@each_family
def test_no_sentence_breaks_on_undefined_facts(family: Family) -> None:
    nothing = dict.fromkeys(family.feature_columns, float("nan"))
    zeros = dict.fromkeys(family.feature_columns, 0.0)
    for reason in family.reasons:
        assert reason.sentence(nothing) is None
        said = reason.sentence(zeros)
        assert said is None or "nan" not in said


@each_family
def test_every_served_column_is_described_in_a_sentence(family: Family) -> None:
    table = SERVED_TABLES[family.score_table]
    assert table.description.endswith(".")
    assert [column.name for column in table.columns if not column.description.endswith(".")] == []


def test_an_unknown_family_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownFamily, match=r"Got family 'churn' but expected one of .*purchase_intent"):
        get_family("churn")
