"""What the trees read of each series at an origin, all of it known before the origin.

Lags and running statistics come from `mlforecast`, which is given one further week without a number and asked for
that row alone. Volumes are divided by the series' own local level, so that one model serves series of all sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.demand.classes import Rhythm, rhythm_of
from nightmarket.modeling.demand.histories import Histories
from nightmarket.modeling.demand.neighbours import neighbour_level
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Floats, Panel

LAGS = (1, 2, 3, 4)
_DECAY, _PRIOR_WEEKS, _LEVEL_WEEKS = 0.95, 0.3, 52
_ENGINE_WEEKS = 53
_SMALL = 0.02
"""Units a week: the least level a series is measured by."""


@dataclass(frozen=True)
class Features:
    """m series at one origin.

    Attributes
    ----------
    names : (f,) of the columns; the last one is the week ahead, 1..8
    static : (m, f - 3) what is the same for all weeks ahead
    level : (m,) local level, units a week, above 0: what forecasts are multiples of
    promoted_ahead : (m, 8)
    calendar : (8,) day of the month on which a week starts
    rhythm : classes and what they come from
    """

    names: tuple[str, ...]
    static: Floats
    level: Doubles
    promoted_ahead: Floats
    calendar: Floats
    rhythm: Rhythm

    def take(self, kept: NDArray[np.int64]) -> Features:
        return replace(
            self,
            static=self.static[kept],
            level=self.level[kept],
            promoted_ahead=self.promoted_ahead[kept],
            rhythm=self.rhythm.take(kept),
        )

    def rows(self, series: NDArray[np.int64], week: int) -> Floats:
        """Return the feature rows of some series for one week ahead (0..7), (len(series), f)."""
        ahead = np.column_stack(
            [
                self.promoted_ahead[series, week],
                np.full(len(series), self.calendar[week]),
                np.full(len(series), week + 1),
            ]
        )
        return np.hstack([self.static[series], ahead]).astype(np.float32)


def build_features(panel: Panel, histories: Histories, groups: Histories) -> Features:
    """Return the features of one level; ``groups`` are the categories' series."""
    rhythm = rhythm_of(histories)
    days = np.asarray([panel.week_start(week).day for week in range(HORIZON)], np.float32)
    if not len(histories):
        nothing = np.empty((0, HORIZON), np.float32)
        return Features((), nothing, np.empty(0), nothing, days, rhythm)
    own = local_level(histories)
    neighbours = np.full(len(histories), np.nan)
    if histories.level == "product":
        text = None if panel.text is None else panel.text[histories.rows]
        neighbours = neighbour_level(own, histories.age, text, histories.group)
    level = np.maximum(own, _SMALL)
    lagged = _lag_features(histories)
    columns = {name: values / level for name, values in lagged.items()}
    columns |= {
        "log_level": np.log(level),
        "age_weeks": np.minimum(histories.age, _ENGINE_WEEKS),
        "adi": np.minimum(rhythm.adi, 99),
        "cv2": rhythm.cv2,
        "weeks_since_sale": rhythm.since_sale,
        "neighbour_level": neighbours / level,
        **_group_features(panel, histories, groups),
        **_price_features(panel, histories),
    }
    names = (*columns, "promoted_ahead", "day_of_month", "week_ahead")
    ahead = np.full((len(histories), HORIZON), np.nan, np.float32)
    if histories.level == "product":
        ahead = panel.promoted_ahead[histories.rows]
    static = np.column_stack([np.broadcast_to(values, len(histories)) for values in columns.values()])
    return Features(
        names,
        static.astype(np.float32),
        level,
        ahead,
        days,
        rhythm,
    )


def local_level(histories: Histories) -> Doubles:
    """Return units a week by exponentially falling weights, pulled to the mean of the group, (m,).

    The pull is that of a third of a week of history: products of one category differ so much in size that their mean
    says little of any of them. It counts for a product that has been sold for a week or two. With the season taken off
    a long memory is best: a fall of 5 % a week was better than 7 or 10 % on the origins 2017-07-10, 08-07 and 09-04.
    """
    filled = histories.filled[:, -_LEVEL_WEEKS:]
    n_weeks = filled.shape[1]
    ago = np.arange(n_weeks)[::-1]
    weights = np.where(ago < histories.age[:, None], _DECAY**ago, 0)
    total = weights.sum(axis=1)
    own = (weights * filled).sum(axis=1)
    if histories.level != "product":
        return np.asarray(own / np.maximum(total, 1e-9), np.float64)
    n_groups = int(histories.group.max(initial=-1)) + 1
    group = np.where(histories.group >= 0, histories.group, n_groups)
    units = np.bincount(group, own, minlength=n_groups + 1)
    weeks = np.bincount(group, total, minlength=n_groups + 1)
    prior = (units / np.maximum(weeks, 1e-9))[group]
    return np.asarray((own + _PRIOR_WEEKS * prior) / (total + _PRIOR_WEEKS), np.float64)


def _lag_features(histories: Histories) -> dict[str, Doubles]:
    import pandas as pd
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMax, RollingMean, RollingStd

    values = histories.filled[:, -_ENGINE_WEEKS:]
    m, weeks = values.shape
    # The row asked for is the week after the newest; its own number is never looked at by a lag.
    age = np.minimum(histories.age, weeks)
    born = np.arange(weeks + 1) >= (weeks - age)[:, None]
    series, week = np.nonzero(born)
    frame = pd.DataFrame(
        {"unique_id": series, "ds": week, "y": np.hstack([values, np.zeros((m, 1))]).astype(np.float32)[born]}
    )
    engine = MLForecast(
        models=[],
        freq=1,
        lags=list(LAGS),
        lag_transforms={
            1: [
                *(RollingMean(n, min_samples=1) for n in (4, 8, 13, 26)),
                RollingStd(13, min_samples=2),
                RollingMax(13, min_samples=1),
                ExponentiallyWeightedMean(0.15),
                ExponentiallyWeightedMean(0.5),
            ]
        },
    )
    made = engine.preprocess(frame, static_features=[], dropna=False)
    newest = made[made["ds"] == weeks]
    return {name: newest[name].to_numpy(np.float64) for name in made.columns if name not in ("unique_id", "ds", "y")}


def _group_features(panel: Panel, histories: Histories, groups: Histories) -> dict[str, Doubles]:
    """What the series' category, and everything together, did lately; and what customers are expected to buy of it."""
    n_categories = len(panel.category_ids)
    sums = np.zeros((n_categories + 1, panel.n_weeks))
    sums[groups.rows] = groups.filled
    place = np.where(histories.group >= 0, histories.group, n_categories)
    long = sums[:, -13:].mean(axis=1)
    everything = groups.filled.sum(axis=0)
    share = {
        f"category_{name}": _ratio(sums[:, -n:].mean(axis=1), long)[place]
        for name, n in (("last_week", 1), ("last_4", 4))
    }
    share["total_last_week"] = np.full(len(histories), _ratio(everything[-1:], everything[-13:].mean(keepdims=True))[0])
    share["total_last_4"] = np.full(
        len(histories), _ratio(everything[-4:].mean(keepdims=True), everything[-13:].mean(keepdims=True))[0]
    )
    share["category_intent"] = np.full(len(histories), np.nan)
    if panel.intents is not None:
        intents = np.vstack([panel.intents.astype(np.float64), np.full((1, panel.n_weeks), np.nan)])
        known = np.isfinite(intents)
        total = np.where(known, intents, 0)
        mean = total[:, -13:].sum(axis=1) / np.maximum(known[:, -13:].sum(axis=1), 1)
        share["category_intent"] = np.where(known[:, -1], _ratio(total[:, -1], mean), np.nan)[place]
    return share


def _price_features(panel: Panel, histories: Histories) -> dict[str, Doubles]:
    """Prices and promotions of the past; NaN where nothing was sold or the level has no price."""
    m = len(histories)
    missing = np.full(m, np.nan)
    names = ("price", "price_last_4", "price_last", "promoted_last", "promoted_4", "promoted_13")
    if histories.level != "product":
        return dict.fromkeys(names, missing)
    units = np.maximum(panel.units[histories.rows, -13:], 0)
    amount = np.where(units > 0, np.maximum(panel.sales_amount[histories.rows, -13:], 0), 0)
    price = _ratio(amount.sum(axis=1), units.sum(axis=1))
    promoted = panel.promoted[histories.rows, -13:].astype(np.float64)
    return {
        "price": price,
        "price_last_4": _ratio(_ratio(amount[:, -4:].sum(axis=1), units[:, -4:].sum(axis=1)), price),
        "price_last": _ratio(_ratio(amount[:, -1], units[:, -1]), price),
        "promoted_last": promoted[:, -1],
        "promoted_4": promoted[:, -4:].mean(axis=1),
        "promoted_13": promoted.mean(axis=1),
    }


def _ratio(over: Doubles, under: Doubles) -> Doubles:
    good = np.isfinite(over) & np.isfinite(under) & (under > 0) & (over >= 0)
    return np.asarray(np.divide(over, under, out=np.full(len(over), np.nan), where=good), np.float64)
