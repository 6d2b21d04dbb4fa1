"""How good a forecast of ours is on a published board: weekly orange juice sales of 83 stores and 11 brands.

    .venv/bin/python bench/orange_juice/run.py [--data <folder>] [--rounds validation] [--seeds 3] [--threads 2]

The protocol is in ``protocol.py``: 12 rounds of two weeks, one week between, prices and promotions known ahead, MAPE
over all rows. First the published seasonal naive figure is reproduced, which says that rounds and measure are theirs.
Then our model (``model.py``) on six earlier rounds, of the weeks on which everything about it was chosen, and on the 12
of the protocol, for every seed. ``--rounds validation`` stops before the test.

The data (``yx.parquet``, ``storedemo.parquet``) is ``orangeJuice`` of the R package bayesm, for academic research
(Kilts Center, Chicago Booth). It is no part of this project: it is looked for in ``orange_juice`` of the folder that
NIGHTMARKET_TEST_DATA names (or of ``../shared/data``), and where it is not there, there is nothing to run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.orange_juice.model import forecast_trees
from bench.orange_juice.protocol import (
    BOARD,
    FILES,
    SERIES,
    TEST_ROUNDS,
    VALIDATION_ROUNDS,
    Round,
    Shop,
    forecast_seasonal_naive,
    hash_data,
    mape,
    read_shop,
)
from bench.outside_data import folder_of

DATA = folder_of("orange_juice")
N_MEMBERS = 1
SHIFT = -0.03
"""Fitted on the validation rounds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of {' and '.join(FILES)}")
    parser.add_argument("--rounds", choices=("validation", "all"), default="all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    absent = [name for name in FILES if not (asked.data / name).is_file()]
    if absent:
        print(f"Skipped: {' and '.join(absent)} not found in {asked.data}. Give their folder with --data.")
        print(json.dumps({"bench": "orange_juice", "skipped": f"no {', '.join(absent)}"}))
        return
    print(json.dumps(run(asked.data, asked.rounds, asked.seeds, asked.threads)))


def run(folder: Path, rounds: str, n_seeds: int, threads: int) -> dict[str, Any]:
    started = time.perf_counter()
    hashes = hash_data(folder)
    for name, digest in hashes.items():
        print(f"{name} sha256 {digest}")
    shop = read_shop(folder)
    naive = measure(shop, TEST_ROUNDS, [forecast_seasonal_naive(one.known(shop), one) for one in TEST_ROUNDS])[
        "forecast"
    ]
    print(f"seasonal naive, test: MAPE {naive['mape']:.2f} (published {BOARD['seasonal naive']})", flush=True)
    windows = {"validation": VALIDATION_ROUNDS} | ({"test": TEST_ROUNDS} if rounds == "all" else {})
    found: dict[str, Any] = {"seasonal_naive": naive["mape"]}
    forecast = partial(forecast_trees, shop, seeds=range(n_seeds), n_members=N_MEMBERS, shift=SHIFT)
    for window, of in windows.items():
        # A process per round, on one thread each, keeps all cores busy; trees this small do not.
        with ProcessPoolExecutor(threads, mp_context=get_context("spawn")) as pool:
            by_seed = measure(shop, of, pool.map(forecast, of))
        figures = [one["mape"] for one in by_seed.values()]
        found[window] = {
            "mean": round(float(np.mean(figures)), 3),
            "low": min(figures),
            "high": max(figures),
            "seeds": by_seed,
        }
        print(
            f"{window}: MAPE {np.mean(figures):.2f} [{min(figures):.2f}, {max(figures):.2f}] over {n_seeds} seeds",
            flush=True,
        )
    if "test" in found:
        print_board(found["test"]["mean"])
    return {"bench": "orange_juice", "data": hashes, **found, "seconds": round(time.perf_counter() - started)}


def measure(shop: Shop, rounds: Sequence[Round], forecasts: Iterable[pd.DataFrame]) -> dict[str, dict[str, float]]:
    """Pool the errors of the rounds' forecasts, by column of the forecasts.

    ``best_shift`` is what hindsight would have added to all of them, in log units: on validation it is where ``SHIFT``
    comes from, on the test it only says how much that cost.
    """
    keys = [*SERIES, "week"]
    matched = [one.actual(shop).merge(found, on=keys, how="left") for one, found in zip(rounds, forecasts, strict=True)]
    rows = pd.concat(matched, ignore_index=True)
    units, found = rows["units"].to_numpy(), {}
    for name in rows.columns.drop([*keys, "units"]):
        expected = rows[name].to_numpy()
        by_shift = {shift / 100: mape(units, expected * np.exp(shift / 100)) for shift in range(-20, 21)}
        best = min(by_shift, key=by_shift.__getitem__)
        found[str(name)] = {
            "mape": round(by_shift[0.0], 3),
            "best_shift": best,
            "with_best_shift": round(by_shift[best], 3),
        }
    return found


def print_board(ours: float) -> None:
    print("\nMAPE over the 12 rounds")
    for name, figure in sorted([*BOARD.items(), ("ours", ours)], key=lambda entry: entry[1]):
        print(f"{figure:8.2f}  {name}")


if __name__ == "__main__":
    main()
