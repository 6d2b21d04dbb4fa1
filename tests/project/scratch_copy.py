"""A copy of the project with an environment of its own, in which files may be written and nights run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from nightmarket.settings import PROJECT_DIR

_COPIED = ("dags", "dbt_project", "docs", "expectations", "ml", "tests", "pyproject.toml", "README.md", ".env.example")
_SCRIPTS = {
    "nightmarket": "from nightmarket.cli import main\nmain()\n",
    "dbt": "from dbt.cli.main import cli\ncli()\n",
}
"""The two programs that a task starts."""


@dataclass(frozen=True)
class ScratchCopy:
    """A copy of the project at ``folder``."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> ScratchCopy:
        """Copy the project to ``folder``; its environment has the copy's own code and the libraries of this one."""
        for name in _COPIED:
            source = PROJECT_DIR / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
            else:
                shutil.copy(source, folder / name)
        venv.create(folder / ".venv", with_pip=False, symlinks=True)
        copy = cls(folder)
        libraries = sysconfig.get_paths()["purelib"]
        # A path that a .pth file adds has no say in what comes before it: the copy's code is found first.
        copy._site_packages().joinpath("scratch.pth").write_text(f"{folder / 'ml'}\n{folder / 'dags'}\n{libraries}\n")
        for name, code in _SCRIPTS.items():
            script = copy.python.with_name(name)
            script.write_text(f"#!{copy.python}\n{code}")
            script.chmod(0o755)
        return copy

    @property
    def python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    def run(self, *command: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the copy's environment in its folder; its only NIGHTMARKET_ variables are ``settings``."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NIGHTMARKET_", "AIRFLOW"))}
        return subprocess.run(
            [str(self.python.with_name(str(command[0]))), *map(str, command[1:])],
            cwd=self.folder,
            # pytest cuts the words of an error to the width of the screen.
            env={**kept, "PYTHONPATH": "", "COLUMNS": "400", **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def test(self, *arguments: str) -> dict[str, str]:
        """Run pytest and return the outcome of every test by its name; of one that is red, the words of its error."""
        done = self.run("python", "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *arguments)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        outcomes = {}
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" ")
            if word in ("PASSED", "FAILED", "ERROR"):
                name, _, said = rest.partition(" - ")
                outcomes[name] = "passed" if word == "PASSED" else said
        return outcomes

    def _site_packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / ".venv" / "lib" / version / "site-packages"
