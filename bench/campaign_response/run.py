"""How good ``campaign_response`` is on The Complete Journey, on a protocol that can be repeated.

    .venv/bin/python bench/campaign_response/run.py [--folder var/bench_campaigns] [--seeds 3]

Household × campaign, of those who were contacted: redeemed one of its coupons from its first day to its last, or
not. Trained on campaigns that had ended before 2017-09-01 (2,850 pairs), tested on those that started from then on
and are fully observed (14, 16 to 19: 1,877 pairs, 284 positive; 15 and 20 to 23 run past the data, and 13 belongs to
neither). Features know what had happened and arrived before the first day of their campaign. The level is
calibrated on the newest campaigns of the training, which are then learned from as well. What was chosen (features,
ridge, trees, how far the level is trusted) was chosen on campaigns that started before 2017-09-01, each forecast from
those that had ended before it. Intervals are bootstraps over households, paired for gains.

Lands, embeds and builds the night of 2018-01-01 into ``--folder`` first, which is kept.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nightmarket.families.campaign_response import FAMILY
from nightmarket.io.evaluations import ShuffledTextReader
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import read_cuts
from nightmarket.io.warehouse import open_warehouse, writer_lock
from nightmarket.modeling.bootstrap import Interval, draw_customers, paired_gain
from nightmarket.modeling.cuts import MIN_BLOCK_POSITIVES, Cut
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import METRICS, Measured, pairs
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.tournament import fit_scorer, look_at
from nightmarket.settings import Settings
from nightmarket.steps.transform import _pin, dbt_command, dbt_environment, dbt_variables

CUT_OFF, NIGHT = date(2017, 9, 1), date(2018, 1, 1)
SEED = 20_170_101
SHOWN = ("roc_auc", "average_precision", "brier", "ece")
HEAD = FAMILY.primary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench_campaigns")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    night = prepare(settings)
    frames = {kind: read_blocks(settings, night, kind) for kind in (FrameReader, ShuffledTextReader)}
    measured = {
        name: measure(name, frames[FrameReader], settings, arguments.seeds)
        for name in dict.fromkeys((HEAD.baseline, *HEAD.recipes, *HEAD.compared))
    }
    baseline = measured[HEAD.baseline][0]
    results: dict[str, Any] = {
        "formulas": pairs.FORMULAS,
        "seeds": [SEED + i for i in range(arguments.seeds)],
        "recipes": {name: show(name, found, baseline) for name, found in measured.items()},
    }
    shuffled = measure(HEAD.recipes[0], frames[ShuffledTextReader], settings, 1)
    results["text"] = show(f"{HEAD.recipes[0]}, text shuffled", shuffled, measured[HEAD.recipes[0]][0])
    (settings.var_dir / "campaign_response.json").write_text(json.dumps(results, indent=2) + "\n")
    figures = {name: {metric: one[metric]["mean"] for metric in SHOWN} for name, one in results["recipes"].items()}
    print(json.dumps({"metrics": figures[HEAD.recipes[0]], "baselines": figures}))


def prepare(settings: Settings) -> Night:
    """Land, embed, and build the rows of the night; returns it."""
    started = time.perf_counter()
    environment = {**dbt_environment(settings), "NIGHTMARKET_VAR_DIR": str(settings.var_dir)}
    landed = _run("land", "--as-of", str(NIGHT), environment=environment)
    snapshot = read_snapshot(settings, landed["snapshot_id"])
    _run("embed", "--as-of", str(NIGHT), "--snapshot", snapshot.snapshot_id, environment=environment)
    variables = dbt_variables(
        snapshot_id=snapshot.snapshot_id,
        as_of_dates=[NIGHT],
        complete_through=snapshot.complete_through,
        late_lookback_days=settings.late_lookback_days,
    )
    models = ("ftr_campaign_response", "ftr_campaign_coupons", "ftr_known_order_lines", "lbl_campaign_response")
    with writer_lock(settings) as lock:
        _pin(settings, snapshot, NIGHT)
        command = dbt_command(settings, "run", variables, "--select", *(f"+{model}" for model in models))
        subprocess.run(command, env=dbt_environment(settings), pass_fds=(lock,), check=True)
    print(f"land, embed and transform: {time.perf_counter() - started:.0f} s", flush=True)
    return Night(settings, NIGHT, snapshot.snapshot_id)


def _run(*arguments: str, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "nightmarket.cli", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def read_blocks(settings: Settings, night: Night, kind: type[FrameReader]) -> tuple[Frame, Frame, Frame]:
    """Return the rows to train, to calibrate and to test on."""
    embedded = night.read("embed")
    space = TextSpace(embedded["encoder_key"], embedded["dim"])
    named: dict[str, Any] = {"seed": SEED} if kind is ShuffledTextReader else {}
    with open_warehouse(settings) as connection:
        reader = kind(connection, FAMILY, night.snapshot_id, space, night=NIGHT, **named)
        cuts = read_cuts(connection, FAMILY, snapshot_id=night.snapshot_id, night=NIGHT)
        over = [cut for cut in cuts if cut.last_day < CUT_OFF]
        calibrate = newest(over)
        blocks = (over[: -len(calibrate)], calibrate, [cut for cut in cuts if cut.cut_date >= CUT_OFF])
        read = [
            look_at(HEAD, reader.read(block[0].cut_date, with_label=True, cuts=[cut.cut_date for cut in block]))
            for block in blocks
        ]
        fitted = reader.fit_space(read[0])
        train, calibrating, test = (reader.derive(frame, fitted) for frame in read)
    n_train, n_positive = len(train) + len(calibrating), int(test.y.sum())
    print(f"train {n_train} pairs, test {len(test)} pairs, {n_positive} positive", flush=True)
    return train, calibrating, test


def newest(cuts: list[Cut]) -> list[Cut]:
    """Return the newest campaigns with enough answers to calibrate with."""
    n = next(n for n in range(1, len(cuts)) if sum(cut.n_positive for cut in cuts[-n:]) >= MIN_BLOCK_POSITIVES)
    return cuts[-n:]


def measure(name: str, blocks: tuple[Frame, Frame, Frame], settings: Settings, n_seeds: int) -> list[Measured]:
    """Measure one recipe, once per seed, with the same draws of the households."""
    train, calibrate, test = blocks
    draws = draw_customers(len(test.customer_ids), seed=SEED)
    return [
        METRICS[HEAD.metrics](
            test,
            fit_scorer(
                HEAD,
                RECIPES[name],
                [train],
                calibrate,
                features=FAMILY.features_of(HEAD),
                seed=SEED + i,
                threads=settings.threads,
            ).forecast(test),
            multiplicities=draws,
            threshold=settings.decision_threshold,
        )
        for i in range(n_seeds)
    ]


def show(name: str, measured: list[Measured], baseline: Measured) -> dict[str, Any]:
    """Print and return the mean over seeds, the first seed's intervals, and its gain over the baseline."""
    gain = paired_gain(measured[0].draws, baseline.draws, HEAD.gate_metric)
    record: dict[str, Any] = {"gain": [HEAD.gate_metric, round(gain.low, 4), round(gain.high, 4)]}
    for metric in SHOWN:
        values = [one.metrics[metric] for one in measured]
        interval = Interval.of(measured[0].draws[metric])
        record[metric] = {
            "mean": round(float(np.mean(values)), 4),
            "seeds": [round(value, 4) for value in values],
            "interval": [round(interval.low, 4), round(interval.high, 4)],
        }
    figures = "  ".join(
        f"{metric} {record[metric]['mean']:.4f} [{low:.4f}, {high:.4f}]"
        for metric in SHOWN
        for low, high in [record[metric]["interval"]]
    )
    print(f"  {name:26s}{figures}  gain {gain.low:+.4f} to {gain.high:+.4f}", flush=True)
    return record


if __name__ == "__main__":
    main()
