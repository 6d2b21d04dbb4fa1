"""How good ``demand`` is on The Complete Journey, beside the baselines that everyone would try first.

    .venv/bin/python bench/demand/run.py [--origins 2017-10-02 2017-10-30 2017-11-27] [--seeds 1] [--folder var/bench]

At every origin a model is trained on what was known there, and its first four weeks are compared with what was sold.
A cell is a product (or category) and a single week; WAPE is the sum of absolute errors over the sum of units, and the
mean over origins is shown. Pseudo-products (coupons, fuel, gasoline, miscellaneous) are left out; the largest 500
products are those that sold most before the origin. Promotions count from the week they are known in, which in this
data set is the week itself: none is known ahead. Purchase intents and text are not read here; their arms are part of
``nightmarket evaluate``. Lands into ``--folder`` first, which is kept. Methods were tuned on origins up to
2017-09-04.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, is_pseudo_category, land, landed_files

from nightmarket.io.landing import Snapshot
from nightmarket.modeling.calendar_effects import Holiday
from nightmarket.modeling.demand import Panel, build_panel, evaluate_demand
from nightmarket.settings import Settings

ORIGINS = (date(2017, 10, 2), date(2017, 10, 30), date(2017, 11, 27))
SHOWN = ("total", "category", "top_500", "product")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--origins", nargs="+", type=date.fromisoformat, default=list(ORIGINS))
    parser.add_argument("--seeds", type=int, default=1, help="how many models are trained at each origin")
    parser.add_argument("--closed-until", type=date.fromisoformat, default=NIGHT)
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    started = time.perf_counter()
    found = evaluate_demand(
        make_panels(settings, land(settings)),
        arguments.origins,
        seeds=range(arguments.seeds),
        threads=settings.threads,
        say=lambda line: print(line, flush=True),
        closed_until=arguments.closed_until,
    )
    print(f"{time.perf_counter() - started:.0f} s")
    for name in SHOWN:
        print_level(name, found["levels"][name])
    print("\nby demand class and weeks ahead")
    others = {name: figures for name, figures in found["levels"].items() if name not in SHOWN}
    for name, figures in {**others, **found["blocks"]}.items():
        if figures:
            print(f"{name:26}{row(figures)}")
    print(json.dumps(found))


def print_level(name: str, figures: dict[str, Any]) -> None:
    print(f"\n{name:26}{'WAPE':>8}{'bias':>9}{'80 %':>8}{'95 %':>8}")
    print(f"{'nightmarket':26}{row(figures)}  {figures['wape_by_origin']} {figures['bias_by_origin']}")
    for method, one in sorted(figures["baselines"].items(), key=lambda pair: float(pair[1]["wape"])):
        print(f"{method:26}{one['wape']:>8.4f}{one['bias']:>+9.4f}")
    print(
        f"gain over {figures['best_baseline']}: {figures['gain']:+.4f} "
        f"[{figures['gain_low']:+.4f}, {figures['gain_high']:+.4f}]"
    )


def row(figures: dict[str, Any]) -> str:
    return (
        f"{figures['wape']:>8.4f}{figures['bias']:>+9.4f}{figures['coverage_80']:>8.3f}{figures['coverage_95']:>8.3f}"
    )


def make_panels(settings: Settings, snapshot: Snapshot) -> Callable[[date], Panel]:
    """Read the tables once; every origin's panel is cut from them."""
    files = landed_files(settings, snapshot, "order_lines", "products", "promotions", "holidays")
    connection = duckdb.connect()

    def read(sql: str, *names: str) -> Any:
        return connection.execute(sql, {name: files[name] for name in names}).to_arrow_table()

    products = read(
        f"""
        select product_id, category_id from read_parquet($products)
        where category_id is not null and not {is_pseudo_category("category_name")} order by product_id
        """,
        "products",
    )
    sales = read(
        """
        select product_id, order_date, arrived_date, sum(quantity) as quantity, sum(sales_amount) as sales_amount
        from read_parquet($order_lines) group by all order by all
        """,
        "order_lines",
    )
    promotions = read(
        """
        select product_id, start_date, end_date, min(arrived_date) as arrived_date
        from read_parquet($promotions) group by all order by all
        """,
        "promotions",
    )

    # The calendar of the demo is known from the beginning.
    holidays = [
        Holiday(row["holiday_date"], row["holiday_kind"])
        for row in read("select holiday_date, holiday_kind from read_parquet($holidays)", "holidays").to_pylist()
    ]

    @functools.cache
    def panel_at(origin: date) -> Panel:
        return build_panel(sales, origin, products=products, promotions=promotions, holidays=holidays)

    return panel_at


if __name__ == "__main__":
    main()
