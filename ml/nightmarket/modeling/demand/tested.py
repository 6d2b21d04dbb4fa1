"""What a model of one origin made of it, what came, and how two ways of forecasting compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.demand.classes import CLASSES
from nightmarket.modeling.demand.forecast import Points, combine, make_candidates
from nightmarket.modeling.demand.histories import LEVELS, Level
from nightmarket.modeling.demand.measure import TOP, Errors, errors_of, top_products
from nightmarket.modeling.demand.model import DemandModel
from nightmarket.modeling.demand.outcomes import known_at, outcomes_of
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Panel
from nightmarket.modeling.demand.train import PanelAt, train_demand

HEADLINE_WEEKS = 4
HEADLINE = slice(0, HEADLINE_WEEKS)
TOP_NAME = f"top_{TOP}"
N_DRAWS = 200


@dataclass(frozen=True)
class Tested:
    """One origin and one seed: the forecasts with their bands, and what came."""

    panel: Panel
    model: DemandModel
    points: Points
    quantiles: Mapping[Level, Doubles]
    outcome: Mapping[Level, Doubles]

    def parts(self) -> dict[str, tuple[Level, NDArray[np.int64]]]:
        """Return the level and rows of everything that is reported."""
        found: dict[str, tuple[Level, NDArray[np.int64]]] = {
            level: (level, np.arange(len(self.points.histories[level]))) for level in LEVELS
        }
        found[TOP_NAME] = ("product", top_products(self.points.histories["product"]))
        for level in ("product", "category"):
            classes = self.points.demand_class[level]
            found |= {f"{level}/{one}": (level, np.flatnonzero(classes == one)) for one in CLASSES}
        return found


def test_origin(panel_at: PanelAt, origin: date, seed: int, threads: int, closed_until: date | None) -> Tested:
    """Train on what was known at ``origin``, and forecast from it; weeks that end by ``closed_until`` are known."""
    model = train_demand(panel_at, origin, seed=seed, threads=threads)
    known = (closed_until - origin).days // 7 if closed_until else HEADLINE_WEEKS
    panel, later = panel_at(origin), panel_at(origin + timedelta(days=7 * min(max(known, 1), HORIZON)))
    read = panel if model.reads_intents else panel.without_intents()
    points = combine(make_candidates(read, model.boosters), model.choice, model.trust)
    quantiles = {
        level: model.bands.around(level, points.demand_class[level], points.units[level], points.spread[level])
        for level in LEVELS
    }
    return Tested(panel, model, points, quantiles, outcomes_of(origin, points.histories, known_at(later)))


def _expected(one: Tested, level: Level, rows: NDArray[np.int64]) -> Doubles:
    return one.points.units[level][rows]


def errors_at_origins(
    name: str,
    tested: Sequence[Tested],
    made: Callable[[Tested, Level, NDArray[np.int64]], Doubles] = _expected,
    *,
    weeks: slice = HEADLINE,
) -> list[Errors]:
    """Return the errors of each origin at which anything was sold: of the expected units, or of what ``made`` makes.

    ``made`` returns (rows, 8).
    """
    found = []
    for one in tested:
        level, rows = one.parts()[name]
        found.append(errors_of(made(one, level, rows)[:, weeks], one.outcome[level][rows, weeks]))
    return [one for one in found if one.sold.sum() > 0]


def bootstrap_gain(tested: Sequence[Tested], name: str, ours: Sequence[Errors], theirs: Sequence[Errors]) -> Interval:
    """Draw series, the same ones at every origin, and return the interval of our gain over a baseline."""
    draws = np.zeros(N_DRAWS)
    used = [one for one in tested if _sold(one, name)]
    ids = np.unique(np.concatenate([_ids(one, name) for one in used]).astype(str))
    multiplicities = np.random.default_rng(0).multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=N_DRAWS)
    for one, our, their in zip(used, ours, theirs, strict=True):
        drawn = multiplicities[:, np.searchsorted(ids, _ids(one, name).astype(str))].astype(np.float64)
        sold, gains = drawn @ our.sold, drawn @ their.wrong - drawn @ our.wrong
        # A draw of series that sold nothing has no WAPE; there are such where a class has one or two series.
        draws += np.divide(gains, sold, out=np.full(N_DRAWS, np.nan), where=sold > 0) / len(used)
    return Interval.of(draws)


def _ids(tested: Tested, name: str) -> NDArray[np.object_]:
    level, rows = tested.parts()[name]
    return tested.points.histories[level].item_ids[rows]


def _sold(tested: Tested, name: str) -> bool:
    level, rows = tested.parts()[name]
    return bool(np.nansum(tested.outcome[level][rows, HEADLINE]) > 0)


def mean_wape(errors: Sequence[Errors]) -> float:
    """Return the mean over origins."""
    return float(np.mean([one.wape for one in errors]))


def mean_bias(errors: Sequence[Errors]) -> float:
    """Return the mean over origins."""
    return float(np.mean([one.bias for one in errors]))
