"""How good ``next_basket`` is on The Complete Journey, on the two protocols that others publish.

    .venv/bin/python bench/next_basket/run.py [--protocols last global last-wares] [--seeds 3] [--folder var/bench]

*last*: the last basket of each household, the time of the visit unknown, everything on the receipts (coupons and
fuel too, as in the figures it is compared with); trained on the four baskets before. *last-wares*: the same without
coupons, fuel and miscellaneous. *global*: the first basket after week 48 (2017-11-27) of the households active in
the eight weeks before, wares alone; trained on cuts 2, 4, 6 and 8 weeks earlier, on baskets that were over by then.
``--week 40`` or ``44`` moves the global cut to where recipes are tuned.

Households with at least 5 distinct times of purchase, items with at least 10 purchases, no household of one day, none
above the mean plus two standard deviations of purchases a day. Equal scores are ordered by how often the item was
bought by all, then by product_id. Intervals are bootstraps over households, gains are paired with the decayed
frequency. Lands into ``--folder`` first, which is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import is_pseudo_category, land, landed_files

from nightmarket.families.next_basket import FEATURES
from nightmarket.io.landing import Snapshot
from nightmarket.modeling.baskets.history import Catalogue, Lines, make_history
from nightmarket.modeling.baskets.protocols import Challenge, cut_globally, filter_households, hide_last_baskets
from nightmarket.modeling.baskets.ranking_rows import make_ranking_rows
from nightmarket.modeling.bootstrap import Interval, draw_customers, paired_gain
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.ranking import FORMULAS, ListQuality, measure_lists
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.recipes.lambdarank import LambdaRankRecipe
from nightmarket.settings import Settings

CUTS = {40: date(2017, 10, 2), 44: date(2017, 10, 30), 48: date(2017, 11, 27)}
N_TRAIN = 4
MAX_ROWS = 600_000
"""Twice what a night trains on."""
SHOWN = (
    "recall_at_10",
    "ndcg_at_10",
    "capped_ndcg_at_10",
    "hit_rate_at_10",
    "repeat_recall_at_10",
    "explore_recall_at_10",
)
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Receipts:
    """All lines that the filters keep, and what they are codes of."""

    lines: Lines
    catalogue: Catalogue
    n_customers: int


@dataclass(frozen=True)
class Round:
    """A challenge as a frame, and how often each of its rows' items was bought by all before."""

    frame: Frame
    purchases: NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocols", nargs="+", choices=("last", "last-wares", "global"), default=("last", "global"))
    parser.add_argument("--week", type=int, choices=sorted(CUTS), default=48, help="week of the global cut")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    snapshot = land(settings)
    print("\n".join(f"{name}: {FORMULAS[name]}" for name in SHOWN))
    results = {}
    for protocol in arguments.protocols:
        receipts = read_receipts(settings, snapshot, wares_only=protocol != "last")
        challenges = global_cuts(receipts, CUTS[arguments.week]) if protocol == "global" else last_baskets(receipts)
        results[protocol] = run_protocol(protocol, receipts, list(challenges), arguments.seeds, settings.threads)
    print(json.dumps(results))


def last_baskets(receipts: Receipts) -> Iterator[Challenge]:
    for n_back in range(N_TRAIN + 1):
        yield hide_last_baskets(receipts.lines, n_back, n_customers=receipts.n_customers)


def global_cuts(receipts: Receipts, tested: date) -> Iterator[Challenge]:
    cut = (tested - EPOCH).days
    for weeks in range(0, 2 * N_TRAIN + 1, 2):
        until = cut if weeks else int(receipts.lines.day.max()) + 1
        yield cut_globally(
            receipts.lines, cut - 7 * weeks, until=until, active_days=56, n_customers=receipts.n_customers
        )


def run_protocol(
    protocol: str, receipts: Receipts, challenges: list[Challenge], n_seeds: int, threads: int
) -> dict[str, Any]:
    test, *train = (make_round(receipts, challenge) for challenge in challenges)
    frame, columns = test.frame, test.frame.columns
    frames = [one.frame for one in train]
    ties = 1e-9 * test.purchases
    recency = np.nan_to_num(-columns["pair__baskets_since_last"].astype(np.float64), nan=-1e6)
    scores = {
        "personal frequency": columns["pair__n_orders"] + ties,
        "decayed frequency": columns["pair__decayed_orders"] + ties,
        "popularity": columns["product__penetration_84d"] + ties,
        "recency": recency + ties,
        "logistic regression": RECIPES["logistic_regression"]
        .fit(frames, features=FEATURES, seed=0, threads=threads)
        .raw_scores(frame),
    }
    for seed in range(n_seeds):
        started = time.perf_counter()
        model = LambdaRankRecipe(max_rows=MAX_ROWS).fit(frames, features=FEATURES, seed=seed, threads=threads)
        scores[f"lambdarank, seed {seed}"] = model.raw_scores(frame)
        print(f"lambdarank, seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
    measured = {name: measure(frame, np.asarray(score, np.float64)) for name, score in scores.items()}
    has_basket = measured["decayed frequency"].has_basket
    print(
        f"\n{protocol}: {int(has_basket.sum())} households, {len(frame)} candidates, {frame.y.mean():.4f} in a basket"
    )
    return print_table(measured, draw_customers(len(has_basket), seed=0))


def print_table(measured: dict[str, ListQuality], multiplicities: NDArray[np.int64]) -> dict[str, Any]:
    print(f"{'':24}" + "".join(f"{name:>22}" for name in SHOWN) + f"{'gain in recall_at_10':>24}{'in ndcg_at_10':>22}")
    baseline = measured["decayed frequency"].draws(multiplicities)
    found: dict[str, Any] = {}
    for name, one in measured.items():
        means, draws = one.means(), one.draws(multiplicities)
        cells = "".join(f"{means[metric]:>8.4f} {words(Interval.of(draws[metric])):>13}" for metric in SHOWN)
        gains = [paired_gain(draws, baseline, metric) for metric in ("recall_at_10", "ndcg_at_10")]
        print(f"{name:24}{cells}{words(gains[0], signed=True):>24}{words(gains[1], signed=True):>22}")
        found[name] = {metric: round(means[metric], 5) for metric in SHOWN}
    seeds = [means for name, means in found.items() if name.startswith("lambdarank")]
    if seeds:
        found["lambdarank"] = {metric: round(float(np.mean([one[metric] for one in seeds])), 5) for metric in SHOWN}
        print(f"{'lambdarank, mean':24}" + "".join(f"{found['lambdarank'][metric]:>8.4f}{'':14}" for metric in SHOWN))
    return found


def words(interval: Interval, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"[{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]"


def measure(frame: Frame, score: NDArray[np.float64]) -> ListQuality:
    assert frame.n_outcomes is not None
    return measure_lists(
        customer=frame.customer,
        item=frame.item,
        score=score,
        in_basket=frame.y,
        is_new=frame.is_new,
        basket_size=frame.n_outcomes,
    )


def make_round(receipts: Receipts, challenge: Challenge) -> Round:
    history = make_history(challenge.known, receipts.catalogue, challenge.cut)
    rows = make_ranking_rows(history, active=challenge.tested)
    n_items, candidates = len(receipts.catalogue), rows.candidates
    basket = np.unique(challenge.basket.customer.astype(np.int64) * n_items + challenge.basket.item)
    in_basket = np.isin(candidates.customer.astype(np.int64) * n_items + candidates.item, basket)
    frame = Frame(
        as_of_date=EPOCH,
        customer_ids=np.arange(receipts.n_customers).astype(object),
        item_ids=np.arange(n_items).astype(object),
        customer=candidates.customer,
        item=candidates.item,
        columns=rows.features,
        label=in_basket.astype(np.uint8),
        n_outcomes=np.bincount(basket // n_items, minlength=receipts.n_customers),
    )
    purchases = np.bincount(history.item, minlength=n_items)[candidates.item]
    return Round(frame, purchases.astype(np.float64))


def read_receipts(settings: Settings, snapshot: Snapshot, *, wares_only: bool) -> Receipts:
    """Return the lines that the filters of the protocols keep; one per order and product."""
    table = duckdb.execute(
        f"""
        select
            dense_rank() over (order by l.customer_id) - 1 as customer,
            dense_rank() over (order by l.product_id) - 1 as item,
            dense_rank() over (order by min(l.ordered_at), l.order_id) - 1 as "order",
            min(l.order_date) - date '1970-01-01' as day,
            sum(l.quantity)::double as units, sum(l.sales_amount)::double as amount,
            dense_rank() over (order by coalesce(p.category_id, '')) - 1 as category,
            dense_rank() over (order by coalesce(p.category_id, ''), coalesce(p.product_name, l.product_id)) - 1 as kind
        from read_parquet($order_lines) as l left join read_parquet($products) as p using (product_id)
        where not $wares_only or not coalesce({is_pseudo_category("p.category_name")}, false)
        group by l.customer_id, l.product_id, l.order_id, p.category_id, p.product_name
        """,
        {**landed_files(settings, snapshot, "order_lines", "products"), "wares_only": wares_only},
    ).fetchnumpy()
    columns = {name: np.asarray(values) for name, values in table.items()}
    n_customers, n_items = int(columns["customer"].max()) + 1, int(columns["item"].max()) + 1
    lines = Lines(
        columns["customer"].astype(np.int32),
        columns["item"].astype(np.int32),
        columns["order"].astype(np.int64),
        columns["day"].astype(np.int64),
        columns["units"],
        columns["amount"],
    )
    groups = np.zeros((2, n_items), np.int32)
    groups[:, lines.item] = columns["category"], columns["kind"]
    kept = filter_households(lines, n_customers=n_customers, n_items=n_items)
    return Receipts(lines.take(kept), Catalogue(groups[0], groups[1]), n_customers)


if __name__ == "__main__":
    main()
