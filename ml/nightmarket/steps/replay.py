"""``nightmarket replay inventory``: the reorder plan played over past weeks, against what a planner does by hand."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.classes import abc_classes, xyz_classes
from nightmarket.decisions.reorder.inputs import Stock
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand
from nightmarket.decisions.reorder.policy import lots
from nightmarket.decisions.reorder.rows import positions_of
from nightmarket.decisions.reorder.service_level import service_levels
from nightmarket.decisions.replay.play import PLAN, Past, Replay, lost_units_draws, play_policies
from nightmarket.decisions.replay.simulate import Played, Terms
from nightmarket.decisions.replay.terms import ProductTerms, product_terms
from nightmarket.errors import TrainingRefused
from nightmarket.io.atomic import write_json, write_text
from nightmarket.io.evaluations import find_landed, text_space
from nightmarket.io.panels import PanelReader
from nightmarket.io.stock import read_stock
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.bootstrap import Interval, draw_customers
from nightmarket.modeling.demand import Panel, forecast_demand, train_demand
from nightmarket.report.replay import draw_replay, render_replay
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.deciding.reorder_plan import rules_of
from nightmarket.steps.evaluation_origins import say
from nightmarket.steps.forecasting.train import SEED

Floats = NDArray[np.float64]

CLASS_WEEKS = 26
MIN_WEEKS = 20
"""Weeks of history before the first review: the forecast needs origins to learn from."""

N_DRAWS = 1000


@dataclass(frozen=True)
class Shelf:
    """The products that are played: those sold most in the 26 weeks before the first review, and what is known then."""

    product_ids: NDArray[np.object_]
    service_level: Floats
    price: Floats
    terms: Terms
    n_with_terms: int


def run(
    settings: Settings,
    *,
    as_of: date | None = None,
    weeks: int = 26,
    lead_time_days: int | None = None,
    products: int = 500,
    train_every: int | None = None,
    stock_terms: bool = False,
) -> StepResult:
    """Play the last ``weeks`` weeks before the night; write a table, a plot and a results file.

    There is a review every ``NIGHTMARKET_REVIEW_PERIOD_DAYS``. The forecast is trained on what was known at the first
    review, again every ``train_every`` weeks where that is given, and made anew at every review. With ``stock_terms``
    products are ordered as the night's inventory says: its lead times, packs, minimum orders, margins and costs.

    Raises
    ------
    StepMissing
        No such night was landed and transformed.
    TrainingRefused
        There is too little history before the first review.
    """
    landed = find_landed(settings, as_of=as_of, snapshot_id=None)
    night, period = landed.night.as_of_date, settings.review_period_days
    first = night - timedelta(days=7 * weeks)
    reviews = [first + timedelta(days=day) for day in range(0, 7 * weeks, period)]
    with open_warehouse(settings) as connection:
        reader = PanelReader(connection, landed.snapshot_id, night=night, text=text_space(landed.night))
        if (first - reader.first_day).days < 7 * MIN_WEEKS:
            raise TrainingRefused(
                f"Got sales from {reader.first_day} on but expected {MIN_WEEKS} weeks of them before {first}. "
                "Replay fewer --weeks, or land more history."
            )
        stock = read_stock(connection, snapshot_id=landed.snapshot_id, as_of=night) if stock_terms else None
        shelf = _shelf(settings, reader.panel(first), products, stock, lead_time_days=lead_time_days)
        demand = _daily_demand(connection, landed.snapshot_id, night, shelf.product_ids, first)
    known, forecasts, trained = [], [], -1
    for review in reviews:
        n_trainings = (review - first).days // (7 * (train_every or weeks))
        if n_trainings > trained:
            trained = n_trainings
            say(f"training on what was known at {review}")
            model = train_demand(reader.panel, review, seed=SEED, threads=settings.threads, say=say)
        panel = reader.panel(review)
        known.append(_weekly_units(panel, shelf.product_ids))
        forecasts.append(_of_products(forecast_demand(model, panel), shelf.product_ids))
    say(f"playing {len(reviews)} reviews")
    replay = play_policies(Past(demand, known, forecasts), shelf.service_level, shelf.terms, review_period_days=period)
    cost = _Costs(settings, shelf.price, weeks)
    lead_times = shelf.terms.lead_time_days
    results = {
        "as_of_date": night.isoformat(),
        "snapshot_id": landed.snapshot_id,
        "first_review": first.isoformat(),
        "weeks": weeks,
        "products": len(shelf.product_ids),
        "lead_time_days": int(lead_times[0]) if (lead_times == lead_times[0]).all() else round(lead_times.mean(), 2),
        "review_period_days": period,
        "products_with_stock_terms": shelf.n_with_terms,
        "mean_service_level": round(float(shelf.service_level.mean()), 4),
        "units_wanted": round(float(demand.sum()), 1),
        "reviews": replay.n_reviews,
        "reviews_with_a_last_year": replay.n_with_last_year,
        "assumptions": _assumptions(settings, train_every, stock_terms=stock_terms),
        "policies": {name: cost.describe(one) for name, one in replay.played.items()},
        "matched": {
            name: {"risk_factor": round(factor, 4), **cost.describe(one)}
            for name, (factor, one) in replay.matched.items()
        },
        "differences": _differences(replay),
    }
    results["goal_met"] = all(
        one.lost.sum() < replay.played[name].lost.sum() and one.mean_stock.sum() <= replay.played[name].mean_stock.sum()
        for name, (_, one) in replay.matched.items()
    )
    folder = settings.var_dir / "replays" / night.isoformat()
    write_json(folder / "inventory.json", results)
    write_text(folder / "inventory.svg", draw_replay(results))
    print(render_replay(results), file=sys.stderr)
    return StepResult(len(shelf.product_ids), {**results, "results_file": str(folder / "inventory.json")})


def _differences(replay: Replay) -> dict[str, dict[str, dict[str, float]]]:
    """Return lost units of the plan less those of each other policy, with the middle 95 % of draws of products."""
    n_products = len(replay.played[PLAN].lost)
    draws = draw_customers(n_products, seed=SEED, n_draws=N_DRAWS)

    def against(plan: Played, other: Played) -> dict[str, float]:
        interval = Interval.of(lost_units_draws(plan, other, draws))
        return {
            "lost_units": round(float((plan.lost - other.lost).sum()), 1),
            "low": round(interval.low, 1),
            "high": round(interval.high, 1),
        }

    return {
        name: {
            "at_its_stock": against(at_stock, replay.played[name]),
            "at_own_level": against(replay.played[PLAN], replay.played[name]),
        }
        for name, (_, at_stock) in replay.matched.items()
    }


def _shelf(
    settings: Settings, panel: Panel, n_products: int, stock: Stock | None, *, lead_time_days: int | None
) -> Shelf:
    rules = rules_of(settings)
    units = np.maximum(panel.units[:, -CLASS_WEEKS:], 0)
    amount = np.maximum(panel.sales_amount[:, -CLASS_WEEKS:], 0).sum(axis=1)
    ids = np.asarray(panel.product_ids, dtype=object)
    abc, xyz = abc_classes(amount, ids), xyz_classes(units)
    given = product_terms(stock, ids, rules) if stock is not None else ProductTerms.unknown(len(ids))
    level = service_levels(abc, xyz, given.critical_ratio, by_class=rules.service_levels).level
    total = units.sum(axis=1)
    chosen = np.sort(np.lexsort((ids, -total))[:n_products])
    chosen = chosen[total[chosen] > 0]
    lead_time = given.lead_time_days[chosen]
    if lead_time_days is not None:
        lead_time = np.full(len(chosen), float(lead_time_days))
    lead_time = np.where(np.isnan(lead_time), rules.lead_time_days, lead_time).astype(np.int64)
    pack, lot = lots(given.pack[chosen], given.min_order[chosen])
    return Shelf(
        ids[chosen],
        level[chosen],
        amount[chosen] / total[chosen],
        Terms(lead_time, pack, lot),
        int(given.is_given[chosen].sum()),
    )


def _daily_demand(
    connection: duckdb.DuckDBPyConnection,
    snapshot_id: str,
    night: date,
    product_ids: NDArray[np.object_],
    first: date,
) -> Floats:
    """Return the units bought of each product on each day from ``first`` to the night, (n, days)."""
    found = connection.execute(
        "select product_id, date_diff('day', $first, order_date) as day, sum(quantity)::double as units "
        "from features.ftr_known_order_lines where snapshot_id = $snapshot_id and as_of_date = $night "
        "and superseded_date >= $night and order_date >= $first and quantity > 0 and sales_amount >= 0 group by all",
        {"first": first, "night": night, "snapshot_id": snapshot_id},
    ).fetchnumpy()
    demand = np.zeros((len(product_ids), (night - first).days))
    row = positions_of(np.asarray(found["product_id"], dtype=object), product_ids)
    demand[row[row >= 0], np.asarray(found["day"])[row >= 0]] = np.asarray(found["units"])[row >= 0]
    return demand


def _weekly_units(panel: Panel, product_ids: NDArray[np.object_]) -> Floats:
    row = positions_of(product_ids, np.asarray(panel.product_ids, dtype=object))
    return np.where(row[:, None] >= 0, np.maximum(panel.units[row], 0), 0.0)


def _of_products(forecast: Any, product_ids: NDArray[np.object_]) -> WeeklyDemand:
    """Return the weeks of the products, 0 for one that was not sold in the 26 weeks before the review."""
    of_products = np.flatnonzero(forecast.level == "product")
    n_weeks = int(forecast.week[of_products].max()) + 1
    ids = np.asarray(forecast.item_id[of_products], dtype=object).reshape(-1, n_weeks)[:, 0]
    row = positions_of(product_ids, ids)
    units = forecast.units[of_products].reshape(-1, n_weeks)
    quantiles = forecast.quantiles[of_products].reshape(len(units), n_weeks, -1)
    has = row >= 0
    return WeeklyDemand(np.where(has[:, None], units[row], 0), np.where(has[:, None, None], quantiles[row], 0))


@dataclass(frozen=True)
class _Costs:
    """What a play cost: margin lost, and stock held, at the shop's settings."""

    settings: Settings
    price: Floats
    weeks: int

    def describe(self, played: Played) -> dict[str, float]:
        margin = self.price * self.settings.margin_pct / 100
        per_year = (self.price - margin) * self.settings.holding_cost_pct / 100
        lost = float((played.lost * margin).sum())
        holding = float((played.mean_stock * per_year).sum()) * 7 * self.weeks / 365
        return {
            "fill_rate": round(played.fill_rate, 5),
            "lost_units": round(float(played.lost.sum()), 1),
            "mean_stock_units": round(float(played.mean_stock.sum()), 1),
            "n_orders": int(played.n_orders.sum()),
            "lost_margin_amount": round(lost, 2),
            "holding_amount": round(holding, 2),
            "cost_amount": round(lost + holding, 2),
        }


def _assumptions(settings: Settings, train_every: int | None, *, stock_terms: bool) -> list[str]:
    trained = "once, at the first review" if train_every is None else f"every {train_every} weeks"
    terms = (
        "lead times, packs, minimum orders, margins and costs are those of the night's inventory, where it has them"
        if stock_terms
        else "units can be ordered singly"
    )
    return [
        "observed sales are the whole demand",
        "what is not on hand is lost, not ordered later",
        "each policy starts with its own first level on hand and nothing on order",
        f"one review every {settings.review_period_days} days, orders arrive whole, {terms}",
        f"margin {settings.margin_pct:g} % of the price, holding {settings.holding_cost_pct:g} % of the cost a year",
        "all policies aim at the same service level of each product, by its ABC and XYZ class at the first review"
        + (" or by its margin" if stock_terms else ""),
        "by last year: the mean of all weeks known where the history does not reach back 52 weeks",
        f"the forecast is trained {trained}, and made anew at every review",
        "matched: the plan takes more or less risk until it holds no more stock than the policy named",
        f"intervals: the middle 95 % of {N_DRAWS:,} draws of products, at the risk matched on all of them",
    ]
