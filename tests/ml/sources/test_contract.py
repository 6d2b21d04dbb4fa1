"""The contract's page is kept true, and its example is a shop that lands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nightmarket.errors import InvalidSetting
from nightmarket.settings import PROJECT_DIR, Settings
from nightmarket.sources.describe import render_contract_markdown
from nightmarket.steps import contract, land


def test_the_page_of_the_contract_is_up_to_date() -> None:
    page = (PROJECT_DIR / "docs" / "contract.md").read_text(encoding="utf-8")
    assert page == render_contract_markdown(), "Run: make docs"


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    contract.run(Settings(_env_file=None, var_dir=tmp_path))
    assert capsys.readouterr().out == render_contract_markdown()


def test_the_example_lands_without_a_bad_row(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, source="files", source_path=tmp_path / "example", var_dir=tmp_path / "var")
    written = contract.run(settings, example_dir=tmp_path / "example")
    detail = land.run(settings).detail
    assert (detail["as_of_date"], detail["currency"], detail["quarantined"]) == ("2024-07-28", "EUR", 0)
    assert sum(table["rows_in"] for table in detail["tables"].values()) == written.rows
    assert detail["tables"]["customers"]["rows_accepted"] == 40
    assert date.fromisoformat(detail["complete_through"]) == date(2024, 7, 27)


def test_the_example_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidSetting, match="which holds something already, but expected a new or empty folder"):
        contract.run(Settings(_env_file=None), example_dir=tmp_path)
