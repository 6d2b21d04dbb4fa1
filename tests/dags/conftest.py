"""Airflow for the tests: an AIRFLOW_HOME of their own, and its warnings told apart from ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightmarket_airflow.home import airflow_environment

PROJECT_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as home:
        yield Path(home)


@pytest.fixture(scope="session")
def dag_bag(airflow_home: Path) -> Any:
    """Every DAG of the project, as Airflow's DAG processor finds them."""
    os.environ.update(airflow_environment(airflow_home))
    with warnings.catch_warnings():
        # Airflow 3.3 reads .airflowignore with a name that pathspec 1.0 deprecated. Goes when Airflow drops it.
        warnings.filterwarnings("ignore", message="GitWildMatchPattern", category=DeprecationWarning)
        from airflow.dag_processing.dagbag import DagBag

        return DagBag(PROJECT_DIR / "dags")


@pytest.fixture
def run_python(airflow_home: Path) -> Any:
    """Run Python code in a fresh process, set up for Airflow; return what it prints."""

    def run(code: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(airflow_home), **airflow_environment(airflow_home)}
        ended = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return run
