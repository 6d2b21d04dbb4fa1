"""The shop that `nightmarket contract --example` writes, through the whole night: what a newcomer runs first."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.night


def test_the_example_runs_to_its_end_and_what_it_says_to_try_works(tmp_path: Path) -> None:
    nightmarket = str(Path(sys.executable).parent / "nightmarket")
    subprocess.run([nightmarket, "contract", "--example", str(tmp_path / "shop")], check=True, capture_output=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NIGHTMARKET_", "AIRFLOW"))},
        "PYTHONPATH": str(ROOT / "dags"),
        "NIGHTMARKET_VAR_DIR": str(tmp_path / "var"),
        "NIGHTMARKET_SOURCE": "files",
        "NIGHTMARKET_SOURCE_PATH": str(tmp_path / "shop"),
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    night = run(sys.executable, "-m", "nightmarket_airflow.inprocess")
    assert night.returncode == 0, f"the night failed:\n{night.stdout}\n{night.stderr}"
    tries = re.findall(r'nightmarket sql "(.+?)"', night.stdout)
    assert len(tries) == 8, "one for every published table"
    for query in tries:
        asked = run(nightmarket, *shlex.split(f'sql "{query}"'))
        assert asked.returncode == 0, f"{query}\n{asked.stderr}"
