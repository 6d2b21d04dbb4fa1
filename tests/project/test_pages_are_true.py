"""What the README and docs/ tell a reader to type, open or set is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nightmarket.cli import main as command_line
from nightmarket.decisions import DECISIONS
from nightmarket.families import PREDICTIONS
from nightmarket.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_SETTINGS = {"NIGHTMARKET_TEST_DATA"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_is_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`|&& )make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_setting_exists(page: Path) -> None:
    named = set(re.findall(r"NIGHTMARKET_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8"))) - NOT_SETTINGS
    assert {name.removeprefix("NIGHTMARKET_").lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_exists(page: Path) -> None:
    blocks = re.findall(r"`(?:\.venv/bin/)?nightmarket ([a-z]+)", page.read_text(encoding="utf-8"))
    assert set(blocks) <= set(command_line.commands)


def test_the_serving_page_lists_every_decision() -> None:
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    assert [one.table.name for one in DECISIONS.values() if f"| `{one.table.name}`" not in page] == []


def test_the_page_of_models_lists_everything_that_is_predicted() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert [name for name in PREDICTIONS if f"| `{name}` |" not in page] == []
