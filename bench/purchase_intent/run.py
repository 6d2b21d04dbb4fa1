"""How good ``purchase_intent`` is on The Complete Journey, on a protocol that can be repeated.

    .venv/bin/python bench/purchase_intent/run.py [--tests 44 48] [--seeds 3] [--folder var/bench]

Test 48: train at weeks 36 and 40, and at 44 on four households in five; calibrate on the fifth; test at
48 (as_of 2017-11-27). Test 44: the same four weeks earlier. No label of 44 reaches past 48. The arms:
``44 calibrates``: learned from 32, 36 and 40 alone, and 44 kept for calibration whole; ``text shuffled``:
the text vectors dealt out to other texts, which is what a gain from text must beat; ``no text``; ``no
windows``: without what closed windows teach. Every interval is a bootstrap over households, paired for
differences. Lands, embeds and transforms into ``--folder`` first, which is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import land, run_step

from nightmarket.families.base import Head
from nightmarket.families.purchase_intent import FAMILY
from nightmarket.io.evaluations import ShuffledTextReader
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.bootstrap import paired_gain
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.splits import TrainingWindows, training_windows
from nightmarket.modeling.tournament import Scorer, Tested, fit_scorer, look_at, measure_scorers
from nightmarket.settings import Settings

CUT_OFFS = {44: date(2017, 11, 27), 48: date(2017, 12, 25)}
FIRST_ORDER = date(2017, 1, 1)
SEED = 20_170_101
BEST = "trees_and_line"
LEARNED_FROM_TEXT = ("text__forecast", "text__adoption")
SHOWN = ("average_precision", "new_pair_average_precision", "roc_auc", "brier", "ece", "precision", "recall", "f1")
Frames = Mapping[date, Frame]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, nargs="+", choices=sorted(CUT_OFFS), default=sorted(CUT_OFFS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    for week in arguments.tests:
        found = run_test(settings, CUT_OFFS[week], [SEED + i for i in range(arguments.seeds)])
        for seed, tested in found.items():
            print_table(f"Test at week {week}, seed {seed}", tested)
        write_json(settings.var_dir / f"purchase_intent_{week}.json", found)


def run_test(settings: Settings, cut_off: date, seeds: Sequence[int]) -> dict[int, dict[str, Tested]]:
    snapshot_id, space = prepare(settings, cut_off)
    windows = training_windows(cut_off, FIRST_ORDER, max_train_origins=3)
    shorter = replace(windows, train=windows.train[: FAMILY.max_train_origins])
    frames, shuffled = read_frames(settings, windows, cut_off, snapshot_id, space)
    head, everything = FAMILY.primary, FAMILY.feature_columns
    without = {
        "no text": tuple(name for name in everything if not name.startswith("text__")),
        "no windows": tuple(n for n in everything if not n.startswith("demand__") and n not in LEARNED_FROM_TEXT),
    }
    found = {}
    for seed in seeds:
        first = seed == seeds[0]
        names = (BEST, "lightgbm", "logistic_regression", "frequency") if first else (BEST, "frequency")
        scorers = {
            name: fit(name, head, frames, shorter, features=everything, seed=seed, settings=settings) for name in names
        }
        tested = measure(head, scorers, frames[windows.test], settings)
        arms: dict[str, tuple[Head, Frames, TrainingWindows, Sequence[str]]] = {
            "text shuffled": (head, shuffled, shorter, everything)
        }
        if first:
            arms |= {name: (head, frames, shorter, features) for name, features in without.items()}
            arms["44 calibrates"] = (replace(head, calibrate_share=1.0), frames, windows, everything)
        for name, (how, rows, when, features) in arms.items():
            fitted = fit(BEST, how, rows, when, features=features, seed=seed, settings=settings)
            arm = {BEST: fitted, "frequency": scorers["frequency"]}
            tested[name] = replace(measure(head, arm, rows[windows.test], settings)[BEST], recipe=name)
        found[seed] = tested
    return found


def prepare(settings: Settings, cut_off: date) -> tuple[str, TextSpace]:
    """Land, embed and transform for ``cut_off``; steps that were done before are quick."""
    started = time.perf_counter()
    snapshot_id = land(settings, cut_off).snapshot_id
    night = ("--as-of", str(cut_off), "--snapshot", snapshot_id)
    embedded = run_step(settings, "embed", *night)
    run_step(settings, "transform", *night, "--for-training")
    print(f"land, embed and transform {cut_off}: {time.perf_counter() - started:.0f} s", flush=True)
    return snapshot_id, TextSpace(embedded["encoder_key"], embedded["dim"])


def read_frames(
    settings: Settings, windows: TrainingWindows, night: date, snapshot_id: str, space: TextSpace
) -> tuple[Frames, Frames]:
    """Read every origin with its features, and once more with the text shuffled."""
    with open_warehouse(settings) as connection:
        own = FrameReader(connection, FAMILY, snapshot_id, space, night=night)
        dealt = ShuffledTextReader(connection, FAMILY, snapshot_id, space, night=night, seed=SEED)
        rows = {
            origin: own.read(origin, with_label=True) for origin in (*windows.train, windows.calibrate, windows.test)
        }
        found = []
        for reader in (own, dealt):
            fitted = reader.fit_space(rows[windows.train[0]])
            found.append(
                {origin: look_at(FAMILY.primary, reader.derive(frame, fitted)) for origin, frame in rows.items()}
            )
    return found[0], found[1]


def fit(
    recipe: str,
    head: Head,
    frames: Frames,
    windows: TrainingWindows,
    *,
    features: Sequence[str],
    seed: int,
    settings: Settings,
) -> Scorer:
    started = time.perf_counter()
    scorer = fit_scorer(
        head,
        RECIPES[recipe],
        [frames[origin] for origin in windows.train],
        frames[windows.calibrate],
        features=features,
        seed=seed,
        threads=settings.threads,
    )
    print(f"fit {recipe} on {len(features)} features: {time.perf_counter() - started:.0f} s", flush=True)
    return scorer


def measure(head: Head, scorers: Mapping[str, Scorer], test: Frame, settings: Settings) -> dict[str, Tested]:
    return measure_scorers(head, scorers, test, threshold=settings.decision_threshold, seed=SEED)


def print_table(title: str, tested: Mapping[str, Tested]) -> None:
    print(f"\n{title}")
    for name, one in tested.items():
        figures = "  ".join(
            f"{metric} {one.metrics[metric]:.4f} [{one.intervals[metric].low:.4f}, {one.intervals[metric].high:.4f}]"
            for metric in SHOWN
        )
        print(f"{name:20s}{figures}")
    for other in (name for name in tested if name != BEST):
        gains = "  ".join(
            f"{metric} [{gain.low:+.4f}, {gain.high:+.4f}]"
            for metric in SHOWN[:2]
            if (gain := paired_gain(tested[BEST].draws, tested[other].draws, metric))
        )
        print(f"{BEST} minus {other}: {gains}")


def write_json(path: Path, found: Mapping[int, Mapping[str, Tested]]) -> None:
    described = {
        seed: {
            name: {
                "metrics": dict(one.metrics),
                "intervals": {metric: [i.low, i.high] for metric, i in one.intervals.items()},
                "best_minus_this": {
                    metric: [gain.low, gain.high]
                    for metric in SHOWN[:2]
                    if (gain := paired_gain(tested[BEST].draws, one.draws, metric))
                },
            }
            for name, one in tested.items()
        }
        for seed, tested in found.items()
    }
    path.write_text(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main()
