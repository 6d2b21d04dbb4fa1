"""Libraries are told to stay offline before they are imported, and do as they are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nightmarket.settings import LIBRARIES_OFFLINE


def run_python(code: str, **variables: str) -> str:
    """Run ``code`` in a process of its own that was told nothing yet."""
    told = {*LIBRARIES_OFFLINE, "CI"}  # CI=true silences OpenVINO, too
    inherited = {name: value for name, value in os.environ.items() if name not in told}
    return subprocess.run(
        [sys.executable, "-c", code], env=inherited | variables, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("module", ["nightmarket.cli", "nightmarket.text.encoder", "nightmarket.io.tracking"])
def test_importing_a_module_leaves_the_environment_alone(module: str) -> None:
    code = f"import os; before = dict(os.environ); import {module}; print(dict(os.environ) == before)"
    assert run_python(code).strip() == "True"


def test_a_command_tells_the_libraries_whatever_the_shell_says() -> None:
    code = """
import os, sys
from nightmarket.cli import main
from nightmarket.settings import LIBRARIES_OFFLINE
main(["contract"], standalone_mode=False)
print(all(os.environ[name] == value for name, value in LIBRARIES_OFFLINE.items()))
"""
    assert run_python(code, MLFLOW_DISABLE_TELEMETRY="false").splitlines()[-1] == "True"


def test_the_libraries_know_the_variables() -> None:
    code = """
from nightmarket.settings import keep_libraries_offline
keep_libraries_offline()
from huggingface_hub.constants import HF_HUB_OFFLINE
from mlflow.environment_variables import MLFLOW_ALLOW_PICKLE_DESERIALIZATION as pickles
from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY as silent
print(HF_HUB_OFFLINE, pickles.get(), silent.get())
"""
    assert run_python(code).split() == ["True", "False", "True"]


def test_openvino_reports_nothing(tmp_path: Path) -> None:
    code = """
from nightmarket.settings import keep_libraries_offline
keep_libraries_offline()
import openvino
from openvino.tools import ovc
print(ovc.telemetry.__class__.__module__)
"""
    assert run_python(code, HOME=str(tmp_path)).strip() == "openvino.tools.ovc.telemetry_stub"
    assert not list(tmp_path.iterdir())  # its reports leave the id of the client and a count at home
