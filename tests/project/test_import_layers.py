"""Imports point down, and heavy libraries stay out of the places that must be light."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nightmarket.settings import LIBRARIES_OFFLINE

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ml" / "nightmarket"

FLOOR = {"contracts", "settings", "clock", "errors", "sqltext"}
MIDDLE = {"families", "modeling", "decisions", "quality", "text", "sources", "report", "scaffold"}
MAY_IMPORT = {
    "cli": {"steps", "io"} | FLOOR,
    "steps": {"steps", "io"} | MIDDLE | FLOOR,
    "io": {"io"} | MIDDLE | FLOOR,
    **dict.fromkeys(MIDDLE, MIDDLE | FLOOR),
    **dict.fromkeys(FLOOR, FLOOR),
}
"""What each part of the package may import.

`io` reads and writes the domain's types, so it may import them; nothing in the domain imports `io`: only `steps` do
(and `cli`, to record a step).
"""

PASS_THE_ENVIRONMENT_ON = {"steps/transform.py", "io/model_files.py"}
"""Modules that hand the environment to a child process (and read nothing from it)."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    assert part in MAY_IMPORT, f"{part} is not a part of the architecture (docs/architecture.md); add it there and here"
    inner = {name.split(".")[1] for name in _imports(path) if name.startswith("nightmarket.") and name.count(".") >= 1}
    parts = {name for name in inner if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()}
    assert parts <= MAY_IMPORT[part], f"{path} imports {sorted(parts - MAY_IMPORT[part])} from above or beside it"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_package_imports_neither_airflow_nor_dbt(path: Path) -> None:
    assert not {name for name in _imports(path) if name.split(".")[0] in {"airflow", "dbt"}}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_below_the_command_line_asks_what_time_it_is(path: Path) -> None:
    if path.name == "cli.py":
        return
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }
    assert not calls & {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "pd.Timestamp.now",
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_unpickles(path: Path) -> None:
    assert not _imports(path) & {"pickle", "joblib", "cloudpickle", "dill", "shelve"}


def test_only_settings_reads_the_environment() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if "os.environ" in path.read_text(encoding="utf-8") or "getenv" in path.read_text(encoding="utf-8")
    }
    assert readers == PASS_THE_ENVIRONMENT_ON | {"settings.py"}


@pytest.mark.parametrize("variable", LIBRARIES_OFFLINE)
def test_what_keeps_a_library_offline_is_said_in_one_place(variable: str) -> None:
    code = [*MODULES, *(ROOT / "dags").rglob("*.py")]
    assert [path.name for path in code if variable in path.read_text(encoding="utf-8")] == ["settings.py"]
