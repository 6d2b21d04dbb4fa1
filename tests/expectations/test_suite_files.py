"""A file of expectations says all that it must, or is refused by name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import yaml

from nightmarket.errors import SuiteInvalid
from nightmarket.families import FAMILIES
from nightmarket.quality.facts import FACTS
from nightmarket.quality.suites import load_suite, load_suites
from nightmarket.quality.tables import BORDERS, TABLES
from nightmarket.quality.validation import check_types

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
GOOD = {
    "type": "expect_column_values_to_not_be_null",
    "arguments": {"column": "order_id"},
    "severity": "stop",
    "why": "Orders are counted by it.",
}


def _written(folder: Path, *expectations: object, **changes: object) -> Path:
    suite = {"border": "landed", "table": "order_lines", "about": "Lines.", "n_expectations": len(expectations)}
    path = folder / "landed__order_lines.yaml"
    path.write_text(yaml.safe_dump({**suite, "expectations": list(expectations), **changes}))
    return path


def test_every_table_of_every_border_has_its_file() -> None:
    for border in BORDERS:
        assert [suite.table for suite in load_suites(EXPECTATIONS, border)] == list(TABLES[border])


def test_every_border_knows_every_expectation_it_names() -> None:
    for border in BORDERS:
        for suite in load_suites(EXPECTATIONS, border):
            check_types(suite)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"why": ""}, "Got no `why` in landed__order_lines.yaml, expectation 1"),
        ({"severity": "panic"}, "Got severity 'panic'"),
        ({"arguments": {"column": "order_idd"}}, "Got column 'order_idd'"),
        ({"arguments": {"column": "order_id", "min_value": "$tomorrow"}}, "Got the fact $tomorrow"),
        ({"colour": "red"}, "Got the key 'colour'"),
        ({"type": "unexpected_rows_expectation", "arguments": {}}, "Got no `expects`"),
    ],
)
def test_an_expectation_that_says_too_little_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SuiteInvalid) as refused:
        load_suite(_written(tmp_path, {**GOOD, **change}))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "expect_magic"}, "Got an unknown type in landed__order_lines.yaml, expectation 1 (expect_magic)"),
        ({"arguments": {"column": "order_id", "colour": "red"}}, "it does not take 'colour'"),
        ({"arguments": {}}, "field required"),
    ],
)
def test_an_expectation_unknown_to_great_expectations_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    suite = load_suite(_written(tmp_path, {**GOOD, **change}))
    with pytest.raises(SuiteInvalid) as refused:
        check_types(suite)
    assert message in str(refused.value)


def test_an_empty_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SuiteInvalid, match=r"Got no expectations in landed__order_lines.yaml but expected at least one"
    ):
        load_suite(_written(tmp_path))


def test_a_suite_that_lost_an_expectation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteInvalid, match=r"Got 1 expectations .* but expected n_expectations: 2"):
        load_suite(_written(tmp_path, GOOD, n_expectations=2))


def test_a_border_with_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteInvalid, match=r"Got no .*features__purchase_intent\.yaml"):
        load_suites(tmp_path, "features")


def test_a_file_of_no_table_is_refused(tmp_path: Path) -> None:
    for path in EXPECTATIONS.glob("scores__*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "scores__horoscope.yaml").write_text("border: scores")
    with pytest.raises(SuiteInvalid, match=r"Got scores__horoscope.yaml but expected one of"):
        load_suites(tmp_path, "scores")


def test_every_fact_is_described_in_the_docs() -> None:
    page = (EXPECTATIONS.parent / "docs" / "expectations.md").read_text()
    for facts in FACTS.values():
        for name, description in facts.items():
            assert f"| `${name}` | {description} |" in page


def test_every_fact_is_used_or_gone() -> None:
    for border in BORDERS:
        used = {name for suite in load_suites(EXPECTATIONS, border) for one in suite.expectations for name in one.facts}
        assert sorted(FACTS[border].keys() - used) == []


def test_every_suite_of_a_family_has_corrupted_samples() -> None:
    for family in FAMILIES:
        module = import_module(f"tests.expectations.test_{family}_suites")
        wanted = {f"{border}__{family}" for border in ("features", "scores") if family in TABLES[border]}
        assert {name for name, _, _ in module.STOPS} == wanted
