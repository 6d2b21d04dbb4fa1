"""``nightmarket replay inventory``: the reorder plan played over past weeks, against what a planner does by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.classes import abc_classes, xyz_classes
from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand, demand_over
from nightmarket.decisions.reorder.policy import round_half_up
from nightmarket.decisions.reorder.rows import positions_of
from nightmarket.decisions.reorder.service_level import service_levels
from nightmarket.decisions.replay.baselines import last_year_level, moving_average_level
from nightmarket.decisions.replay.match import match_stock, scaled_risk
from nightmarket.decisions.replay.simulate import Played, simulate
from nightmarket.errors import TrainingRefused
from nightmarket.io.atomic import write_json, write_text
from nightmarket.io.evaluations import find_landed
from nightmarket.io.panels import PanelReader
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.demand import Panel, forecast_demand, train_demand
from nightmarket.report.replay import draw_replay, render_replay
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.evaluation_origins import say
from nightmarket.steps.forecasting.train import SEED

Floats = NDArray[np.float64]

CLASS_WEEKS = 26
MIN_WEEKS = 20
"""Weeks of history before the first review: the forecast needs origins to learn from."""

PLAN, MOVING_AVERAGE, LAST_YEAR = "plan", "moving average", "last year"


@dataclass(frozen=True)
class Shelf:
    """The products that are played: those sold most in the 26 weeks before the first review, and what is known then."""

    product_ids: NDArray[np.object_]
    service_level: Floats
    price: Floats


def run(
    settings: Settings,
    *,
    as_of: date | None = None,
    weeks: int = 26,
    lead_time_days: int | None = None,
    products: int = 500,
    train_every: int | None = None,
) -> StepResult:
    """Play the last ``weeks`` weeks before the night; write a table, a plot and a results file.

    The forecast is trained on what was known at the first review, again every ``train_every`` reviews where that is
    given, and made anew at every review.

    Raises
    ------
    StepMissing
        No such night was landed and transformed.
    TrainingRefused
        There is too little history before the first review.
    """
    landed = find_landed(settings, as_of=as_of, snapshot_id=None)
    night, lead_time = landed.night.as_of_date, lead_time_days or settings.lead_time_days
    reviews = [night - timedelta(days=7 * (weeks - i)) for i in range(weeks)]
    with open_warehouse(settings) as connection:
        reader = PanelReader(connection, landed.snapshot_id, night=night)
        if (reviews[0] - reader.first_day).days < 7 * MIN_WEEKS:
            raise TrainingRefused(
                f"Got sales from {reader.first_day} on but expected {MIN_WEEKS} weeks of them before {reviews[0]}. "
                "Replay fewer --weeks, or land more history."
            )
        shelf = _shelf(settings, reader.panel(reviews[0]), products)
        demand = _daily_demand(connection, landed.snapshot_id, night, shelf.product_ids, reviews[0])
    horizon, known, forecasts = lead_time + 7, [], []
    for i, review in enumerate(reviews):
        if i % (train_every or weeks) == 0:
            say(f"training on what was known at {review}")
            model = train_demand(reader.panel, review, seed=SEED, threads=settings.threads, say=say)
        panel = reader.panel(review)
        known.append(_weekly_units(panel, shelf.product_ids))
        forecasts.append(_of_products(forecast_demand(model, panel), shelf.product_ids))
    stacked = WeeklyDemand(
        np.concatenate([one.units for one in forecasts]), np.concatenate([one.quantiles for one in forecasts])
    )
    level = shelf.service_level

    def play(levels: Floats) -> Played:
        return simulate(demand, levels, lead_time_days=lead_time)

    def play_plan(factor: float) -> Played:
        over = demand_over(
            stacked, np.full(len(stacked.units), horizon), level=np.tile(scaled_risk(level, factor), weeks)
        )
        return play(round_half_up(over.at_level).reshape(weeks, -1).T)

    by_year = [last_year_level(units, level, horizon_days=horizon) for units in known]
    played = {
        PLAN: play_plan(1.0),
        MOVING_AVERAGE: play(
            np.stack([moving_average_level(units, level, horizon_days=horizon) for units in known], axis=1)
        ),
        LAST_YEAR: play(np.stack([levels for levels, _ in by_year], axis=1)),
    }
    matched = _matched(play_plan, played)
    cost = _Costs(settings, shelf.price, weeks)
    results = {
        "as_of_date": night.isoformat(),
        "snapshot_id": landed.snapshot_id,
        "first_review": reviews[0].isoformat(),
        "weeks": weeks,
        "products": len(shelf.product_ids),
        "lead_time_days": lead_time,
        "review_period_days": 7,
        "mean_service_level": round(float(level.mean()), 4),
        "units_wanted": round(float(demand.sum()), 1),
        "reviews_with_a_last_year": sum(has for _, has in by_year),
        "assumptions": _assumptions(settings, train_every),
        "policies": {name: cost.describe(one) for name, one in played.items()},
        "matched": {
            name: {"risk_factor": round(factor, 4), **cost.describe(one)} for name, (factor, one) in matched.items()
        },
    }
    results["goal_met"] = all(
        matched[name][1].lost.sum() < played[name].lost.sum()
        and matched[name][1].mean_stock.sum() <= played[name].mean_stock.sum()
        for name in matched
    )
    folder = settings.var_dir / "replays" / night.isoformat()
    write_json(folder / "inventory.json", results)
    write_text(folder / "inventory.svg", draw_replay(results))
    print(render_replay(results), file=sys.stderr)
    return StepResult(len(shelf.product_ids), {**results, "results_file": str(folder / "inventory.json")})


def _shelf(settings: Settings, panel: Panel, n_products: int) -> Shelf:
    units = np.maximum(panel.units[:, -CLASS_WEEKS:], 0)
    amount = np.maximum(panel.sales_amount[:, -CLASS_WEEKS:], 0).sum(axis=1)
    ids = np.asarray(panel.product_ids, dtype=object)
    abc, xyz = abc_classes(amount, ids), xyz_classes(units)
    by_class = (settings.service_level_a, settings.service_level_b, settings.service_level_c)
    level = service_levels(abc, xyz, np.full(len(ids), np.nan), by_class=by_class).level
    total = units.sum(axis=1)
    chosen = np.sort(np.lexsort((ids, -total))[:n_products])
    chosen = chosen[total[chosen] > 0]
    return Shelf(ids[chosen], level[chosen], amount[chosen] / total[chosen])


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


def _matched(play_plan: Callable[[float], Played], played: Mapping[str, Played]) -> dict[str, tuple[float, Played]]:
    found = {}
    for name in (MOVING_AVERAGE, LAST_YEAR):
        say(f"matching the stock of {name}")
        found[name] = match_stock(play_plan, float(played[name].mean_stock.sum()))
    return found


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


def _assumptions(settings: Settings, train_every: int | None) -> list[str]:
    trained = "once, at the first review" if train_every is None else f"every {train_every} reviews"
    return [
        "observed sales are the whole demand",
        "what is not on hand is lost, not ordered later",
        "each policy starts with its own first level on hand and nothing on order",
        "one review every 7 days, orders arrive whole, units can be ordered singly",
        f"margin {settings.margin_pct:g} % of the price, holding {settings.holding_cost_pct:g} % of the cost a year",
        "all policies aim at the same service level of each product, by its ABC and XYZ class at the first review",
        "by last year: the mean of all weeks known where the history does not reach back 52 weeks",
        f"the forecast is trained {trained}, and made anew at every review",
        "matched: the plan takes more or less risk until it holds no more stock than the policy named",
    ]
