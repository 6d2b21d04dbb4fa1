"""Where Airflow lives in this checkout, and how it is set up there.

``var/airflow/inprocess`` serves `make nightly`, ``var/airflow/up`` serves `make up`: a scheduler
would otherwise pick up a DAG run that the in-process runner is half through.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from nightmarket.errors import EXIT_BUSY, NightmarketError
from nightmarket.io.locks import held
from nightmarket.settings import LIBRARIES_OFFLINE, PROJECT_DIR, Settings

WAREHOUSE_POOL = "warehouse_writer"
"""One slot: the warehouse is one DuckDB file, which one process writes or many read."""


class AlreadyRunning(NightmarketError, RuntimeError):
    """Another process uses this AIRFLOW_HOME."""

    exit_code = EXIT_BUSY


def airflow_home(settings: Settings, name: str) -> Path:
    """Return (and make, readable by its owner only) the AIRFLOW_HOME called ``name``."""
    home = settings.var_dir / "airflow" / name
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    return home


def airflow_environment(home: Path) -> dict[str, str]:
    """Return the variables that make Airflow use ``home``, this checkout's DAGs, and no network."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_DIR / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",  # standalone would fork 32 idle workers
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **LIBRARIES_OFFLINE,
        "PYTHONPATH": str(PROJECT_DIR / "dags"),
    }


def adopt_environment(home: Path) -> None:
    """Set up this process for ``home``, before Airflow is imported.

    What the shell says about another Airflow (``AIRFLOW_HOME``, ``AIRFLOW__...``) is dropped.
    """
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    os.environ.update(airflow_environment(home))


@contextlib.contextmanager
def only_one(home: Path, what: str) -> Iterator[None]:
    """Hold ``home`` for this process.

    Raises
    ------
    AlreadyRunning
        Another process holds it; the message names it.
    """
    with held(
        home / "running.lock",
        busy=lambda holder: AlreadyRunning(
            f"Got {what} while {holder} is already running it on {home.parent.parent}, expected to be the only "
            "writer. Wait for it to end, or stop it, and try again."
        ),
    ):
        yield
