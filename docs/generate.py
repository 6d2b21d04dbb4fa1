"""Write the generated pages, or with ``--check`` say which are stale.

A page is generated where it would otherwise drift from the code. `make docs` writes them all;
tests/project fails when one is stale.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic_core import PydanticUndefined

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "ml"))

from nightmarket.cli import main as command_line  # noqa: E402
from nightmarket.report.results_page import render_results_page  # noqa: E402
from nightmarket.settings import Settings  # noqa: E402
from nightmarket.sources.describe import render_contract_markdown  # noqa: E402


def render_env_example() -> str:
    """Every setting with its description and default, as an .env file that changes nothing."""
    lines = [
        "# Copy to .env and uncomment what you change. Generated from ml/nightmarket/settings.py by `make docs`.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        lines += [f"# {field.description}", f"# NIGHTMARKET_{name.upper()}={_default_of(name, field.default)}", ""]
    return "\n".join(lines)


def _default_of(name: str, default: Any) -> str:
    if name == "threads" or default is None or default is PydanticUndefined:
        return ""
    return Path(default).relative_to(ROOT).as_posix() if isinstance(default, Path) else str(default)


def render_cli_page() -> str:
    """The help of every command, as the command line prints it."""
    page = ["# The command line", "", "Generated from `ml/nightmarket/cli.py` by `make docs`.", ""]
    page += [*_help_of(command_line, "nightmarket")]
    for name, command in sorted(command_line.commands.items()):
        page += [f"## nightmarket {name}", "", *_help_of(command, f"nightmarket {name}")]
    return "\n".join(page)


def _help_of(command: click.Command, path: str) -> list[str]:
    with click.Context(command, info_name=path, terminal_width=100, max_content_width=100) as context:
        return ["```text", command.get_help(context), "```", ""]


def render_dags_page() -> str:
    """The operator's manual of every DAG: its docstring, read without importing Airflow."""
    page = ["# The DAGs", "", "Generated from the docstrings in `dags/` by `make docs`.", ""]
    for path in sorted((ROOT / "dags").glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        page += [f"## {path.stem}", "", docstring or "", ""]
    return "\n".join(page)


def render_results() -> str:
    """What the committed results files say; `make results` writes those."""
    files = sorted((ROOT / "docs" / "results").glob("*.json"))
    return render_results_page([json.loads(path.read_text(encoding="utf-8")) for path in files])


PAGES: dict[str, Callable[[], str]] = {
    ".env.example": render_env_example,
    "docs/cli.md": render_cli_page,
    "docs/contract.md": render_contract_markdown,
    "docs/dags.md": render_dags_page,
    "docs/results.md": render_results,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing; fail when a page is stale.")
    check_only = parser.parse_args().check
    stale = []
    for name, render in PAGES.items():
        path, text = ROOT / name, render().rstrip() + "\n"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check_only:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(("Stale, run `make docs`: " if check_only else "Wrote ") + ", ".join(stale))
    return 1 if stale and check_only else 0


if __name__ == "__main__":
    sys.exit(main())
