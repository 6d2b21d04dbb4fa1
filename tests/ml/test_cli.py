"""The last line that a command prints is one JSON object, for whoever reads JSON strictly: Airflow's API, for one."""

from __future__ import annotations

import json
import math

import pytest
from click.testing import CliRunner

from nightmarket.cli import main
from nightmarket.steps import StepResult, contract


def test_a_number_that_json_does_not_know_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = {"recipe": {"f1": 0.5, "f1_high": math.nan, "gains": [math.inf, 1, None, "nan"]}}
    monkeypatch.setattr(contract, "run", lambda *_args, **_options: StepResult(rows=2, detail={"metrics": metrics}))
    line = CliRunner().invoke(main, ["contract"], catch_exceptions=False).output.splitlines()[-1]
    printed = json.loads(line, parse_constant=pytest.fail)
    assert printed["rows"] == 2
    assert printed["metrics"] == {"recipe": {"f1": 0.5, "f1_high": None, "gains": [None, 1, None, "nan"]}}
