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
import functools
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, build_models, land, run_step, show_measured

from nightmarket.families.campaign_response import FAMILY
from nightmarket.io.evaluations import ShuffledTextReader
from nightmarket.io.night import Night
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import read_cuts
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.bootstrap import draw_customers
from nightmarket.modeling.cuts import MIN_BLOCK_POSITIVES, Cut
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import METRICS, Measured, pairs
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.tournament import fit_scorer, look_at
from nightmarket.settings import Settings

CUT_OFF = date(2017, 9, 1)
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
    show = functools.partial(show_measured, metrics=SHOWN, gate_metric=HEAD.gate_metric)
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
    snapshot = land(settings)
    run_step(settings, "embed", "--as-of", str(NIGHT), "--snapshot", snapshot.snapshot_id)
    models = ("ftr_campaign_response", "ftr_campaign_coupons", "ftr_known_order_lines", "lbl_campaign_response")
    build_models(settings, snapshot, [NIGHT], *models)
    print(f"land, embed and transform: {time.perf_counter() - started:.0f} s", flush=True)
    return Night(settings, NIGHT, snapshot.snapshot_id)


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


if __name__ == "__main__":
    main()
