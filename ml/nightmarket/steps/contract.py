"""Contract: describe what a shop delivers, or write a tiny valid example of it."""

from __future__ import annotations

import sys
from pathlib import Path

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import InvalidSetting
from nightmarket.io.atomic import write_text
from nightmarket.settings import Settings
from nightmarket.sources.describe import render_contract_markdown
from nightmarket.sources.example import example_tables
from nightmarket.steps import StepResult


def run(settings: Settings, example_dir: Path | None = None) -> StepResult:  # noqa: ARG001 - every step has it
    """Print the shop contract, or write the example into ``example_dir``.

    Raises
    ------
    InvalidSetting
        The folder holds something already.
    """
    if example_dir is None:
        sys.stdout.write(render_contract_markdown())
        return StepResult(rows=len(SHOP_CONTRACT), detail={"tables": [table.name for table in SHOP_CONTRACT]})
    folder = example_dir.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidSetting(
            f"Got {folder}, which holds something already, but expected a new or empty folder. Choose another one."
        )
    tables = example_tables()
    for name, text in tables.items():
        write_text(folder / f"{name}.csv", text)
    return StepResult(
        rows=sum(text.count("\n") - 1 for text in tables.values()),
        detail={
            "folder": str(folder),
            "files": [f"{name}.csv" for name in tables],
            "next": f"NIGHTMARKET_SOURCE=files NIGHTMARKET_SOURCE_PATH={folder} NIGHTMARKET_VAR_DIR=... make nightly",
        },
    )
