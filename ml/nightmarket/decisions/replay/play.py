"""The plan and what a planner would do by hand, played over the same past. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.reorder.lead_time_demand import WeeklyDemand, demand_over
from nightmarket.decisions.reorder.policy import round_half_up
from nightmarket.decisions.replay.baselines import last_year_level, moving_average_level
from nightmarket.decisions.replay.match import match_stock, scaled_risk
from nightmarket.decisions.replay.simulate import Played, Terms, simulate

Floats = NDArray[np.float64]

PLAN, MOVING_AVERAGE, LAST_YEAR = "plan", "moving average", "last year"


@dataclass(frozen=True)
class Past:
    """What happened to n products, and what was known of them at each review.

    Attributes
    ----------
    demand : (n, days) units wanted, from the first review on
    known : of each review, (n, weeks) units sold before it, the newest last
    forecasts : of each review, the weeks from it on
    """

    demand: Floats
    known: Sequence[Floats]
    forecasts: Sequence[WeeklyDemand]


@dataclass(frozen=True)
class Replay:
    """Each policy at its own level, and the plan at the average stock of each of the others, with its risk factor."""

    played: dict[str, Played]
    matched: dict[str, tuple[float, Played]]
    n_reviews: int
    n_with_last_year: int


def play_policies(past: Past, service_level: Floats, terms: Terms, *, review_period_days: int) -> Replay:
    """Play all policies, with a review every ``review_period_days``: each holds demand over lead time and that time."""
    horizon = terms.lead_time_days + review_period_days
    n_reviews = len(past.forecasts)
    stacked = WeeklyDemand(
        np.concatenate([one.units for one in past.forecasts]), np.concatenate([one.quantiles for one in past.forecasts])
    )

    def play(levels: Floats) -> Played:
        return simulate(past.demand, levels, terms, review_period_days=review_period_days)

    def play_plan(factor: float) -> Played:
        level = np.tile(scaled_risk(service_level, factor), n_reviews)
        over = demand_over(stacked, np.tile(horizon, n_reviews), level=level)
        return play(round_half_up(over.at_level).reshape(n_reviews, -1).T)

    by_average = [moving_average_level(units, service_level, horizon_days=horizon) for units in past.known]
    by_year = [last_year_level(units, service_level, horizon_days=horizon) for units in past.known]
    played = {
        PLAN: play_plan(1.0),
        MOVING_AVERAGE: play(np.stack(by_average, axis=1)),
        LAST_YEAR: play(np.stack([levels for levels, _ in by_year], axis=1)),
    }
    matched = {
        name: match_stock(play_plan, float(played[name].mean_stock.sum())) for name in (MOVING_AVERAGE, LAST_YEAR)
    }
    return Replay(played, matched, n_reviews, sum(has for _, has in by_year))


def lost_units_draws(plan: Played, other: Played, draws: NDArray[np.int64]) -> Floats:
    """Return by how many units more the plan loses than the other, of each draw of products, (draws,)."""
    difference: Floats = draws @ (plan.lost - other.lost)
    return difference
