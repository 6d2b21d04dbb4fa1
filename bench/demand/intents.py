"""Whether purchase intents help ``demand``: the same forecasts with them, without them, and with those of others.

    .venv/bin/python bench/demand/intents.py [--cut-offs 2017-05-22 2017-08-14] [--seeds 1] [--folder var/bench]

On The Complete Journey a model of ``purchase_intent`` is trained as a night would at every cut-off: its tournament, its
gate, the winner fitted again. From the first cut-off to the last origin every seventh day is scored by the newest
model whose cut-off is not after it, and the probabilities are summed over customers by category, as
``io/past_intents.py`` sums what nights published. At every origin ``demand`` is then trained and tested three times:

``with``      the intents of the weeks before each panel's origin, where at least 8 weeks have some
``without``   none
``dealt out`` every category has the intents of another one: what a gain from intents has to beat

A gain is how far the WAPE of ``with`` lies below the other's, over the first four weeks and the mean of origins; its
interval is a bootstrap over series, the same ones for both arms and at every origin. With further seeds the WAPE is
their mean, and the gains of each are shown. Lands and embeds into ``--folder``, builds features and labels of the
dates in a warehouse of their own below it, and keeps the scored weeks there: what ended is not done again.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, land, run_step

from nightmarket.families.purchase_intent import FAMILY
from nightmarket.io.atomic import read_json, write_json
from nightmarket.io.evaluations import Landed, find_landed, origins_settings, text_space
from nightmarket.io.landing import Snapshot
from nightmarket.io.panels import Intents, PanelReader
from nightmarket.io.revision import code_revision
from nightmarket.io.training_data import FrameReader, first_order_date
from nightmarket.io.warehouse import open_warehouse, writer_lock
from nightmarket.modeling.demand.evaluate import wapes_of
from nightmarket.modeling.demand.tested import TOP_NAME, Tested, bootstrap_gain, errors_at_origins, test_origin
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.splits import TrainingWindows, origins_of, windows_of_family
from nightmarket.modeling.training import read_training_frames, train_family
from nightmarket.settings import Settings, keep_libraries_offline
from nightmarket.steps.evaluation_origins import build_origins
from nightmarket.steps.train import SEED

ORIGINS = (date(2017, 10, 2), date(2017, 10, 30), date(2017, 11, 27))
CUT_OFFS = (date(2017, 5, 22), date(2017, 8, 14))
"""The first is the earliest: 140 days of history are needed. The second has two training origins, as the night has."""
WITH, WITHOUT, DEALT_OUT = "with", "without", "dealt out"
SHOWN = ("category", TOP_NAME, "product", "total")
COMPARED = SHOWN[:-1]
"""The total is one series: there is nothing to draw."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cut-offs", nargs="+", type=date.fromisoformat, default=list(CUT_OFFS))
    parser.add_argument("--origins", nargs="+", type=date.fromisoformat, default=list(ORIGINS))
    parser.add_argument("--seeds", type=int, default=1, help="how many forecasters are trained at each origin")
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    keep_libraries_offline()
    settings = Settings(var_dir=arguments.folder)
    origins = origins_settings(settings)
    snapshot = land(settings)
    run_step(settings, "embed", "--as-of", str(NIGHT), "--snapshot", snapshot.snapshot_id)
    landed = find_landed(settings, as_of=NIGHT, snapshot_id=snapshot.snapshot_id)
    scored_by = model_of_each_week(arguments.cut_offs, max(arguments.origins))
    intents = make_intents(settings, origins, landed, snapshot, scored_by)
    with open_warehouse(origins) as connection:
        readers = {
            WITH: PanelReader(connection, snapshot.snapshot_id, night=NIGHT, intents=intents),
            WITHOUT: PanelReader(connection, snapshot.snapshot_id, night=NIGHT),
            DEALT_OUT: PanelReader(connection, snapshot.snapshot_id, night=NIGHT, intents=deal_out(intents, SEED)),
        }
    seeds = [SEED + i for i in range(arguments.seeds)]
    tested = {
        name: hold_arm(name, reader, arguments.origins, seeds, settings.threads) for name, reader in readers.items()
    }
    record = {
        "cut_offs": [str(day) for day in arguments.cut_offs],
        "weeks_scored": len(intents),
        "origins": [str(day) for day in arguments.origins],
        "seeds": seeds,
        "data_sha256": readers[WITH].sha256(),
        **compare(tested),
        "share_of_gain": share_of_gain(tested[WITH][0], "category_intent"),
    }
    print_table(record)
    print(json.dumps(record))


def model_of_each_week(cut_offs: Sequence[date], until: date) -> dict[date, date]:
    """Return, for every seventh day from the first cut-off to the eve of ``until``, the newest cut-off not after it.

    Raises
    ------
    ValueError
        There is no cut-off, or none before ``until``.
    """
    if not cut_offs or min(cut_offs) >= until:
        raise ValueError(f"Got the cut-offs {[str(day) for day in cut_offs]} but expected one before {until}.")
    first = min(cut_offs)
    days = [first + timedelta(days=ahead) for ahead in range(0, (until - first).days, 7)]
    return {day: max(one for one in cut_offs if one <= day) for day in days}


def make_intents(
    settings: Settings, origins: Settings, landed: Landed, snapshot: Snapshot, scored_by: Mapping[date, date]
) -> Intents:
    """Return the intents of every week, scored now or kept from an earlier run of the same code on the same data."""
    path = settings.var_dir / "demand_intents.json"
    made_of = {"snapshot_id": snapshot.snapshot_id, "code_revision": code_revision()}
    kept = read_json(path) if path.exists() else {}
    weeks = kept["weeks"] if kept.get("made_of") == made_of else {}
    missing = {day: cut_off for day, cut_off in scored_by.items() if f"{day} by {cut_off}" not in weeks}
    if missing:
        first = first_order_date(settings, snapshot, NIGHT)
        windows = {cut_off: windows_of_family(FAMILY, cut_off, first) for cut_off in sorted(set(missing.values()))}
        needed = {*missing, *(origin for one in windows.values() for origin in origins_of(one))}
        with writer_lock(origins) as lock:
            build_origins(settings, origins, landed, snapshot, needed=needed, lock=lock)
        with open_warehouse(origins) as connection:
            reader = FrameReader(connection, FAMILY, snapshot.snapshot_id, text_space(landed.night), night=NIGHT)
            for cut_off, one in windows.items():
                days = [day for day, model in missing.items() if model == cut_off]
                for day, expected in score_weeks(reader, settings, one, days):
                    weeks[f"{day} by {cut_off}"] = expected
                    write_json(path, {"made_of": made_of, "weeks": weeks})
    return {day: weeks[f"{day} by {cut_off}"] for day, cut_off in scored_by.items()}


def score_weeks(
    reader: FrameReader, settings: Settings, windows: Mapping[str, TrainingWindows], days: Iterable[date]
) -> Iterable[tuple[date, dict[str, float]]]:
    """Train at the cut-off of ``windows`` as the night does, and yield the expected buyers on each of ``days``.

    Raises
    ------
    SystemExit
        The gate refused the model: no night would have scored with it.
    """
    head = FAMILY.primary.name
    frames = read_training_frames(reader, FAMILY, windows, threads=settings.threads)
    trained = train_family(
        FAMILY, frames, None, threshold=settings.decision_threshold, seed=SEED, threads=settings.threads
    )
    say(f"purchase_intent at {windows[head].cut_off}: {trained.decision.reason}")
    if not trained.decision.passed:
        raise SystemExit(f"{FAMILY.name} at {windows[head].cut_off} was refused. {trained.decision.reason}")
    for day in days:
        frame = reader.derive(reader.read(day, with_label=False), frames.space)
        yield day, expected_buyers(frame, trained.scorers[head].forecast(frame).value)
    say(f"scored up to {day}")


def expected_buyers(frame: Frame, probability: NDArray[np.float64]) -> dict[str, float]:
    """Return the sum of ``probability``, (n,), by category: exact to nine digits in any order, as of published rows."""
    total = np.bincount(frame.item, np.rint(probability * 1e9), minlength=len(frame.item_ids)) / 1e9
    return dict(zip(frame.item_ids.tolist(), total.tolist(), strict=True))


def deal_out(intents: Intents, seed: int) -> Intents:
    """Return the same weeks where every category has the intents of one other category, the same one in all weeks."""
    names = sorted({name for week in intents.values() for name in week})
    order = np.random.default_rng(seed).permutation(len(names))
    # Along one round, each takes its neighbour's: nobody keeps its own.
    other = {names[order[i]]: names[order[i - 1]] for i in range(len(names))}
    return {day: {name: week[other[name]] for name in names if other[name] in week} for day, week in intents.items()}


def hold_arm(
    name: str, reader: PanelReader, origins: Sequence[date], seeds: Sequence[int], threads: int
) -> list[list[Tested]]:
    """Train and test at every origin, once a seed: as ``nightmarket evaluate demand`` does."""
    found: list[list[Tested]] = [[] for _ in seeds]
    for origin in origins:
        panel_at = functools.lru_cache(maxsize=6)(reader.panel)
        for place, seed in enumerate(seeds):
            found[place].append(test_origin(panel_at, origin, seed, threads, NIGHT))
        say(f"{name} at {origin}")
    return found


def compare(tested: Mapping[str, Sequence[Sequence[Tested]]]) -> dict[str, Any]:
    """Return the WAPE of every arm by seed, and what ``with`` gains on each other arm, with intervals, by seed."""
    wapes = {arm: [wapes_of(one) for one in by_seed] for arm, by_seed in tested.items()}
    gains: dict[str, dict[str, list[list[float]]]] = {}
    for arm in (WITHOUT, DEALT_OUT):
        gains[arm] = {}
        for name in COMPARED:
            gains[arm][name] = []
            for place, (ours, theirs) in enumerate(zip(tested[WITH], tested[arm], strict=True)):
                drawn = bootstrap_gain(ours, name, errors_at_origins(name, ours), errors_at_origins(name, theirs))
                gain = wapes[arm][place][name] - wapes[WITH][place][name]
                gains[arm][name].append([round(value, 5) for value in (gain, drawn.low, drawn.high)])
    return {
        "wape": {
            arm: {name: round(float(np.mean([one[name] for one in by_seed])), 5) for name in SHOWN}
            for arm, by_seed in wapes.items()
        },
        "gain_of_with": gains,
    }


def share_of_gain(tested: Sequence[Tested], feature: str) -> dict[str, float]:
    """Return which share of what the splits of the trees gained is that of ``feature``, by level and kind; a mean."""
    found: dict[str, list[float]] = {}
    for one in tested:
        for level, kinds in one.model.boosters.items():
            for kind, trees in kinds.items():
                gained = np.asarray(trees.booster.feature_importance("gain"))
                place = trees.booster.feature_name().index(feature)
                found.setdefault(f"{level}: {kind}", []).append(float(gained[place] / gained.sum()))
    return {name: round(float(np.mean(shares)), 5) for name, shares in found.items()}


def print_table(record: Mapping[str, Any]) -> None:
    print(f"\n{'WAPE':12}" + "".join(f"{name:>12}" for name in SHOWN))
    for arm, wapes in record["wape"].items():
        print(f"{arm:12}" + "".join(f"{wapes[name]:>12.4f}" for name in SHOWN))
    for arm, by_name in record["gain_of_with"].items():
        print(f"\ngain of with over {arm}, by seed")
        for name, by_seed in by_name.items():
            print(f"{name:12}" + "  ".join(f"{gain:+.4f} [{low:+.4f}, {high:+.4f}]" for gain, low, high in by_seed))


def say(what: str) -> None:
    print(f"{time.process_time():.0f} CPU seconds: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
