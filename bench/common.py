"""What the benchmarks share: a night of the demo prepared in a folder of their own, and how measures are shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from nightmarket.io.landing import Snapshot, read_snapshot
from nightmarket.io.warehouse import writer_lock
from nightmarket.modeling.bootstrap import Interval, paired_gain
from nightmarket.modeling.metrics import Measured
from nightmarket.settings import Settings
from nightmarket.steps.transform import _pin, dbt_command, dbt_environment, dbt_variables

NIGHT = date(2018, 1, 1)
"""The night that knows the demo's whole year."""
PSEUDO_WORDS = ("COUPON", "FUEL", "GASOLINE", "MISC")


def run_step(settings: Settings, step: str, *arguments: str) -> dict[str, Any]:
    """Run ``nightmarket <step>`` on the demo in a fresh process, in the folder of ``settings``; return what it prints.

    Raises
    ------
    subprocess.CalledProcessError
        It failed; what it said is on stderr.
    """
    ours = {
        "NIGHTMARKET_VAR_DIR": str(settings.var_dir),
        "NIGHTMARKET_SOURCE": "complete_journey",
        "NIGHTMARKET_THREADS": str(settings.threads),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nightmarket.cli", step, *arguments],
        env=os.environ | ours,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def land(settings: Settings, as_of: date = NIGHT) -> Snapshot:
    """Land what is known at ``as_of``; a source that was landed before is recognised."""
    return read_snapshot(settings, run_step(settings, "land", "--as-of", str(as_of))["snapshot_id"])


def build_models(settings: Settings, snapshot: Snapshot, dates: Sequence[date], *models: str) -> None:
    """Build dbt's ``models`` and what they need at ``dates``, of which the first is the night.

    Raises
    ------
    subprocess.CalledProcessError
        dbt failed; what it said is on its own output.
    """
    variables = dbt_variables(
        snapshot_id=snapshot.snapshot_id,
        as_of_dates=dates,
        complete_through=snapshot.complete_through,
        late_lookback_days=settings.late_lookback_days,
    )
    with writer_lock(settings) as lock:
        _pin(settings, snapshot, dates[0])
        command = dbt_command(settings, "run", variables, "--select", *(f"+{model}" for model in models))
        subprocess.run(command, env=dbt_environment(settings), pass_fds=(lock,), check=True)


def landed_files(settings: Settings, snapshot: Snapshot, *tables: str) -> dict[str, list[str]]:
    """Return the Parquet files of each table, as ``read_parquet`` takes them."""
    return {name: [str(settings.landing_dir / file.path) for file in snapshot.tables[name].files] for name in tables}


def is_pseudo_category(name: str) -> str:
    """Return SQL that says whether a category of this name (SQL, too) is no ware: a coupon, fuel, miscellaneous."""
    return "(" + " or ".join(f"contains(upper({name}), '{word}')" for word in PSEUDO_WORDS) + ")"


def show_measured(
    name: str, measured: Sequence[Measured], baseline: Measured, *, metrics: Sequence[str], gate_metric: str
) -> dict[str, Any]:
    """Print and return the mean over seeds, the first seed's intervals, and its gain over the baseline."""
    gain = paired_gain(measured[0].draws, baseline.draws, gate_metric)
    record: dict[str, Any] = {"gain": [gate_metric, round(gain.low, 4), round(gain.high, 4)]}
    cells = []
    for metric in metrics:
        values = [one.metrics[metric] for one in measured]
        interval = Interval.of(measured[0].draws[metric])
        record[metric] = {
            "mean": round(float(np.mean(values)), 4),
            "seeds": [round(value, 4) for value in values],
            "interval": [round(interval.low, 4), round(interval.high, 4)],
        }
        cells.append(f"{metric} {record[metric]['mean']:.4f} [{interval.low:.4f}, {interval.high:.4f}]")
    print(f"  {name:26s}{'  '.join(cells)}  gain {gain.low:+.4f} to {gain.high:+.4f}", flush=True)
    return record
