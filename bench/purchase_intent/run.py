"""How good ``purchase_intent`` is on The Complete Journey, on a protocol that can be repeated.

    .venv/bin/python bench/purchase_intent/run.py [--tests 44 48] [--folder var/bench]

Test 48: train at weeks 32, 36 and 40, calibrate at 44, test at 48 (as_of 2017-11-27). Test 44: the
same four weeks earlier. Three recipes, and LightGBM three times more: without text, with the text
vectors dealt out to other texts (what a gain from text must beat), and on behaviour alone. Every
interval is a bootstrap over households, paired for differences. Lands, embeds and transforms into
``--folder`` first, which is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from nightmarket.clock import STEP_DAYS
from nightmarket.families.purchase_intent import PURCHASE_INTENT
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.affinity import affinity_columns
from nightmarket.modeling.bootstrap import paired_gain
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows, training_windows
from nightmarket.modeling.text_features import fit_text_projection, text_columns
from nightmarket.modeling.tournament import Scorer, Tested, fit_scorer, measure_scorers
from nightmarket.settings import Settings

CUT_OFFS = {44: date(2017, 11, 27), 48: date(2017, 12, 25)}
FIRST_ORDER = date(2017, 1, 1)
N_TRAIN_ORIGINS = 3
SEED = 20_170_101
SHOWN = ("average_precision", "average_precision_new", "auc", "brier", "ece", "precision", "recall", "f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, nargs="+", choices=sorted(CUT_OFFS), default=sorted(CUT_OFFS))
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    for week in arguments.tests:
        tested = run_test(settings, CUT_OFFS[week])
        print_table(week, tested)
        write_json(settings.var_dir / f"purchase_intent_{week}.json", tested)


def run_test(settings: Settings, cut_off: date) -> dict[str, Tested]:
    snapshot_id, space = prepare(settings, cut_off)
    windows = training_windows(cut_off, FIRST_ORDER, max_train_origins=N_TRAIN_ORIGINS)
    frames, shuffled = read_frames(settings, windows, snapshot_id, space)
    family = PURCHASE_INTENT
    arms = {
        "lightgbm: text shuffled": (shuffled, family.feature_columns),
        "lightgbm: no text": (frames, (*family.behaviour_columns, *family.affinity_columns)),
        "lightgbm: behaviour alone": (frames, family.behaviour_columns),
    }
    scorers = {name: fit(name, frames, windows, family.feature_columns, settings) for name in RECIPES}
    tested = measure(scorers, frames[windows.test], settings)
    for name, (arm, features) in arms.items():
        scorer = {name: fit("lightgbm", arm, windows, features, settings), "frequency": scorers["frequency"]}
        tested[name] = replace(measure(scorer, arm[windows.test], settings)[name], recipe=name)
    return tested


def prepare(settings: Settings, cut_off: date) -> tuple[str, TextSpace]:
    """Land, embed and transform for ``cut_off``; steps that were done before are quick."""
    landed = command(settings, "land", "--as-of", str(cut_off))
    night = ("--as-of", str(cut_off), "--snapshot", landed["snapshot_id"])
    embedded = command(settings, "embed", *night)
    command(settings, "transform", *night)
    return landed["snapshot_id"], TextSpace(embedded["encoder_key"], embedded["dim"])


def command(settings: Settings, *arguments: str) -> dict[str, Any]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "nightmarket.cli", *arguments],
        env={**os.environ, "NIGHTMARKET_VAR_DIR": str(settings.var_dir), "NIGHTMARKET_SOURCE": "complete_journey"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"{arguments[0]} {arguments[2]}: {time.perf_counter() - started:.0f} s", flush=True)
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def read_frames(
    settings: Settings, windows: TrainingWindows, snapshot_id: str, space: TextSpace
) -> tuple[dict[date, Frame], dict[date, Frame]]:
    """Read every origin with its text, and once more with the text shuffled (other columns are shared)."""
    frames, shuffled = {}, {}
    with open_warehouse(settings) as connection:
        reader = FrameReader(connection, PURCHASE_INTENT, snapshot_id, space)
        projections = None
        for origin in (windows.train[0], *windows.train[1:], windows.calibrate, windows.test):
            frame = reader.read(origin, with_label=True)
            texts = reader.read_text(frame)
            arms = (texts, texts.shuffled(SEED))
            if projections is None:
                projections = [fit_text_projection(arm, PURCHASE_INTENT.n_text_components) for arm in arms]
            frame = frame.with_columns(affinity_columns(frame))
            frames[origin], shuffled[origin] = (
                frame.with_columns(text_columns(frame, arm, projection))
                for arm, projection in zip(arms, projections, strict=True)
            )
    return frames, shuffled


def fit(
    recipe: str, frames: Mapping[date, Frame], windows: TrainingWindows, features: Sequence[str], settings: Settings
) -> Scorer:
    started = time.perf_counter()
    scorer = fit_scorer(
        RECIPES[recipe],
        [frames[origin] for origin in windows.train],
        frames[windows.calibrate],
        features=features,
        seed=SEED,
        threads=settings.threads,
    )
    print(f"fit {recipe} on {len(features)} features: {time.perf_counter() - started:.0f} s", flush=True)
    return scorer


def measure(scorers: Mapping[str, Scorer], test: Frame, settings: Settings) -> dict[str, Tested]:
    return measure_scorers(scorers, test, threshold=settings.decision_threshold, seed=SEED)


def print_table(week: int, tested: Mapping[str, Tested]) -> None:
    origin = CUT_OFFS[week].toordinal() - STEP_DAYS
    print(f"\nTest at week {week} ({date.fromordinal(origin)})")
    for name, one in tested.items():
        figures = "  ".join(
            f"{metric} {getattr(one.metrics, metric):.4f} [{one.intervals[metric].low:.4f}, "
            f"{one.intervals[metric].high:.4f}]"
            for metric in SHOWN
        )
        print(f"{name:28s}{figures}")
    for other in ("frequency", "logistic_regression", *(name for name in tested if name.startswith("lightgbm:"))):
        gains = "  ".join(
            f"{metric} [{gain.low:+.4f}, {gain.high:+.4f}]"
            for metric in SHOWN[:2]
            if (gain := paired_gain(tested["lightgbm"].draws, tested[other].draws, metric))
        )
        print(f"lightgbm minus {other}: {gains}")


def write_json(path: Path, tested: Mapping[str, Tested]) -> None:
    path.write_text(
        json.dumps(
            {
                name: {
                    "metrics": one.metrics.as_dict(),
                    "intervals": {metric: [i.low, i.high] for metric, i in one.intervals.items()},
                    "lightgbm_minus_this": {
                        metric: [gain.low, gain.high]
                        for metric in SHOWN[:2]
                        if (gain := paired_gain(tested["lightgbm"].draws, one.draws, metric))
                    },
                }
                for name, one in tested.items()
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
