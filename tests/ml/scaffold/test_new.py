"""`nightmarket new family`: which names it takes, what it writes, and that it never overwrites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nightmarket.errors import CheckoutMissing, FamilyNameUnusable
from nightmarket.scaffold.family import MAX_LENGTH, RESERVED, TEMPLATES, list_places, render_family
from nightmarket.settings import PROJECT_DIR, Settings
from nightmarket.steps import new

LONGEST = "abcde_" * 6 + "abcd"


class Checkout(Settings):
    """Settings of a checkout that lies in ``var_dir``."""

    @property
    def project_dir(self) -> Path:
        return self.var_dir


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for folder in ("dbt_project", "expectations", "tests", "ml/nightmarket"):
        (tmp_path / folder).mkdir(parents=True)
    return Checkout(var_dir=tmp_path)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_file_of_a_family_is_written_and_named_after_it(checkout: Checkout) -> None:
    result = new.run(checkout, kind="family", name="churn_risk")
    assert result.rows == len(TEMPLATES)
    assert sorted(result.detail["files"]) == _files(checkout.var_dir)
    assert all("churn_risk" in path for path in result.detail["files"])


@pytest.mark.parametrize("name", ["Churn", "churn-risk", "churn risk", "1st", "_churn", "churn_", "a__b", "", "a" * 41])
def test_a_name_that_is_no_module_table_and_task_at_once_is_refused(checkout: Checkout, name: str) -> None:
    with pytest.raises(FamilyNameUnusable, match="expected lower-case words joined by single underscores"):
        new.run(checkout, kind="family", name=name)
    assert _files(checkout.var_dir) == []


def test_the_name_of_a_family_is_taken(checkout: Checkout) -> None:
    with pytest.raises(FamilyNameUnusable, match="Got the name 'purchase_intent', which is that of a family already"):
        new.run(checkout, kind="family", name="purchase_intent")


@pytest.mark.parametrize("name", [*sorted(RESERVED), "lambda", "class"])
def test_a_name_that_means_something_else_is_refused(checkout: Checkout, name: str) -> None:
    with pytest.raises(FamilyNameUnusable, match=f"Got the name '{name}', which means something else here"):
        new.run(checkout, kind="family", name=name)


@pytest.mark.parametrize("path", TEMPLATES.values())
def test_nothing_is_overwritten_and_nothing_is_written_beside_it(checkout: Checkout, path: str) -> None:
    there = checkout.var_dir / path.format(name="churn_risk")
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text("mine")
    with pytest.raises(FamilyNameUnusable, match=rf"Got {path.format(name='churn_risk')}, which is there already"):
        new.run(checkout, kind="family", name="churn_risk")
    assert _files(checkout.var_dir) == [path.format(name="churn_risk")]
    assert there.read_text() == "mine"


def test_outside_of_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(CheckoutMissing, match=r"Got no dbt_project/ in .* but expected a checkout"):
        new.run(Checkout(var_dir=tmp_path), kind="family", name="churn_risk")
    assert _files(tmp_path) == []


def test_every_place_says_what_to_fill_in_and_bears_a_name_of_its_own() -> None:
    places = list_places()
    assert len({place.name for place in places}) == len(places) > 10
    assert {place.path for place in places} == set(TEMPLATES.values())
    assert [place.name for place in places if len(place.what.split()) < 6] == []


@pytest.mark.parametrize("name", ["x", "churn_risk", LONGEST])
def test_what_is_written_is_valid_whatever_the_length_of_the_name(tmp_path: Path, name: str) -> None:
    assert len(LONGEST) == MAX_LENGTH
    (tmp_path / "pyproject.toml").write_text((PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    for path, text in render_family(name).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    for command in (["check", "--no-cache"], ["format", "--no-cache", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "ml", "tests"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for path in tmp_path.rglob("*.y*ml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("border", ["features", "scores"])
def test_a_new_suite_says_how_many_expectations_it_holds(border: str) -> None:
    suite = yaml.safe_load(render_family("churn_risk")[f"expectations/{border}__churn_risk.yaml"])
    assert suite["n_expectations"] == len(suite["expectations"])
