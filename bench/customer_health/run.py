"""How good ``customer_health`` is on The Complete Journey, on a protocol that can be repeated.

    .venv/bin/python bench/customer_health/run.py [--folder var/bench_health] [--seeds 3]

Customers with a purchase in the 56 days before a cut; cuts 2017-10-01, 10-29 and 11-26. Lapse: no
purchase in the 28 days from the cut. Drop: they bring less than half of the 28 days before (undefined
where those brought nothing). Spend and days to the next visit: 56 days, so the first two cuts alone.
Trained on origins every 7 days from 2017-03-26 on whose windows are closed at the cut; probabilities
are the recipes' own, without a calibrator. Amounts are trained up to 112 days before the cut and
brought to level, with their intervals, 56 days before it. What was chosen (features, trees, ridge) was
chosen on cuts up to 2017-09-03. Intervals are bootstraps over customers, paired for gains.

Lands the data and builds features and labels of every origin into ``--folder`` first, which is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, build_models, land, show_measured

from nightmarket.families.base import Head, Kind
from nightmarket.families.customer_health import FAMILY
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.amounts import fit_conformal
from nightmarket.modeling.bootstrap import draw_customers
from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics import METRICS, Measured, amounts, pairs
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.tournament import look_at
from nightmarket.settings import Settings

CUTS = (date(2017, 10, 1), date(2017, 10, 29), date(2017, 11, 26))
FIRST_ORIGIN, STEP = date(2017, 3, 26), timedelta(days=7)
SEED = 20_170_101
SHOWN = {Kind.PROBABILITY: ("roc_auc", "brier", "ece"), Kind.AMOUNT: ("wape", "bias", "spearman", "coverage_80")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench_health")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    frames = read_frames(settings, prepare(settings))
    results: dict[str, Any] = {
        "formulas": {**pairs.FORMULAS, **amounts.FORMULAS},
        "cuts": [str(cut) for cut in CUTS],
        "seeds": [SEED + i for i in range(arguments.seeds)],
        "heads": {head.name: measure_head(head, frames, settings, arguments.seeds) for head in FAMILY.heads},
    }
    (settings.var_dir / "customer_health.json").write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps({"metrics": summary(results, best=True), "baselines": summary(results, best=False)}))


def prepare(settings: Settings) -> str:
    """Land, and build the features and labels of every origin; returns the snapshot."""
    started = time.perf_counter()
    snapshot = land(settings)
    build_models(settings, snapshot, [NIGHT, *origins()], "ftr_customer_health", "lbl_customer_health", "lbl_windows")
    print(f"land and transform {len(origins())} origins: {time.perf_counter() - started:.0f} s", flush=True)
    return snapshot.snapshot_id


def origins() -> list[date]:
    """Return every training origin and cut, oldest first."""
    weeks = (CUTS[-1] - FIRST_ORIGIN) // STEP
    return [FIRST_ORIGIN + i * STEP for i in range(weeks + 1)]


def read_frames(settings: Settings, snapshot_id: str) -> dict[date, Frame]:
    with open_warehouse(settings) as connection:
        reader = FrameReader(connection, FAMILY, snapshot_id, TextSpace("", 0), night=NIGHT)
        return {origin: reader.read(origin, with_label=True) for origin in origins()}


def measure_head(head: Head, frames: Mapping[date, Frame], settings: Settings, n_seeds: int) -> dict[str, Any]:
    """Measure every recipe of ``head`` at every cut whose window is closed, with every seed."""
    window = timedelta(days=head.horizon_days)
    cuts = [cut for cut in CUTS if cut + window <= NIGHT]
    recipes = dict.fromkeys((*head.recipes, *head.compared))
    found: dict[str, Any] = {name: {} for name in recipes}
    for cut in cuts:
        test = look_at(head, frames[cut])
        draws = draw_customers(len(test.customer_ids), seed=SEED)
        base_rate = (
            f"{test.y.mean():.4f} positive" if head.kind is Kind.PROBABILITY else f"{test.y.mean():.2f} on average"
        )
        print(f"\n{head.name} at {cut}: {len(test)} customers, {base_rate}", flush=True)
        measured: dict[str, list[Measured]] = {}
        for name in (head.baseline, *(one for one in recipes if one != head.baseline)):
            measured[name] = [
                METRICS[head.metrics](
                    test,
                    forecast(head, name, frames, cut, seed=SEED + i, threads=settings.threads),
                    multiplicities=draws,
                    threshold=settings.decision_threshold,
                )
                for i in range(n_seeds)
            ]
            found[name][str(cut)] = show_measured(
                name, measured[name], measured[head.baseline][0], metrics=SHOWN[head.kind], gate_metric=head.gate_metric
            )
    return found


def forecast(head: Head, name: str, frames: Mapping[date, Frame], cut: date, *, seed: int, threads: int) -> Forecast:
    """Fit the recipe on what is closed at ``cut`` and forecast the customers there."""
    window = timedelta(days=head.horizon_days)
    is_amount = head.kind is Kind.AMOUNT
    until = cut - 2 * window if is_amount else cut - window
    train = [look_at(head, frame) for origin, frame in frames.items() if origin <= until]
    test = look_at(head, frames[cut])
    model = RECIPES[name].fit(train, features=FAMILY.features_of(head), seed=seed, threads=threads)
    raw = model.raw_scores(test)
    if not is_amount:
        # A single feature is a ranking, not a level: its Brier score and ECE say nothing here.
        return Forecast(1 / (1 + np.exp(-raw)))
    calibrate = look_at(head, frames[cut - window])
    return fit_conformal(model.raw_scores(calibrate), calibrate.y).apply(raw, test)


def summary(results: Mapping[str, Any], *, best: bool) -> dict[str, dict[str, float]]:
    """Return each head's metrics, averaged over cuts: of the first of its recipes, or of its baseline."""
    found = {}
    for head in FAMILY.heads:
        of_cuts = results["heads"][head.name][head.recipes[0] if best else head.baseline].values()
        found[head.name] = {
            metric: round(float(np.mean([one[metric]["mean"] for one in of_cuts])), 4) for metric in SHOWN[head.kind]
        }
    return found


if __name__ == "__main__":
    main()
