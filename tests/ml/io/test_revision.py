from pathlib import Path

import pytest

from nightmarket.io.revision import code_revision

SOURCES = (
    "ml/nightmarket/clock.py",
    "dbt_project/models/marts/m.sql",
    "dbt_project/macros/m.sql",
    "dbt_project/dbt_project.yml",
)


def _project(folder: Path, changed: str = "") -> Path:
    for name in (*SOURCES, "docs/page.md"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("another" if name == changed else "one")
    return folder


@pytest.mark.parametrize("name", SOURCES)
def test_whatever_decides_the_rows_changes_the_revision(tmp_path: Path, name: str) -> None:
    assert code_revision(_project(tmp_path / "a")) != code_revision(_project(tmp_path / "b", changed=name))


def test_documentation_does_not_change_the_revision(tmp_path: Path) -> None:
    assert code_revision(_project(tmp_path / "a")) == code_revision(_project(tmp_path / "b", changed="docs/page.md"))
