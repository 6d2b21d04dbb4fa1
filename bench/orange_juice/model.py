"""Our forecast: boosted trees over all series through mlforecast, aimed at the mean absolute percentage error.

One model per horizon, and its newest lag is the horizon: no forecast is ever fed back, so both are direct.
(mlforecast's own ``max_horizon`` would give each of its models the prices of the *next* week.)

The forecast with the least percentage error lies below the median: it is the median of sales weighted by
1 / units. With these weights alone the dull weeks would rule the trees of log units. So a first model says how much
is usual here, and the second is fitted to absolute errors of log units with weights usual / actual: to first
order that is the percentage error itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from bench.orange_juice.features import LEVEL_WEEKS, make_features
from bench.orange_juice.protocol import FIRST_WEEK, SEASON_WEEKS, SERIES, Known, Round, Shop, fill_weeks
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin

WARM_UP_WEEKS = 20
"""Of the first weeks, which have next to no past, nothing is learned."""
ROLLING_WEEKS = (2, 4, 8, 13, LEVEL_WEEKS, 52)
N_LAGS = 6
TREES = {
    "learning_rate": 0.08,
    "num_leaves": 31,
    "min_child_samples": 60,
    "colsample_bytree": 0.4,
    "subsample": 0.8,
    "subsample_freq": 1,
    "cat_smooth": 30,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}
N_USUAL_TREES = 150
N_TREES = 300
MAX_LOG_WEIGHT = 1.5
"""A sale counts at most e^1.5 times as much as a usual one: a few near-empty shelves would rule otherwise."""


class PercentageTrees(RegressorMixin, BaseEstimator):
    """Boosted trees of log units, relative to the series' level, with the least mean absolute percentage error.

    Parameters
    ----------
    level
        Feature that the target and ``relative`` features are measured from, in log units.
    relative
        Features in log units.
    n_members
        Models of different seeds that are averaged, in log units.
    shift
        Added to every forecast, in log units.
    """

    def __init__(
        self,
        *,
        level: str,
        relative: tuple[str, ...],
        n_members: int = 1,
        shift: float = 0.0,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.level = level
        self.relative = relative
        self.n_members = n_members
        self.shift = shift
        self.seed = seed
        self.threads = threads

    def fit(self, X: pd.DataFrame, y: NDArray[np.float64], sample_weight: NDArray[np.float64]) -> Self:  # noqa: N803
        """Fit to log units ``y``; rows of weight 0 are not looked at."""
        from lightgbm import LGBMRegressor

        keep = np.asarray(sample_weight) > 0
        seen = self._relate(X[keep])
        target = y[keep] - X.loc[keep, self.level].to_numpy()
        self.members_ = []
        for member in range(self.n_members):
            fixed: dict[str, Any] = {**TREES, "n_jobs": self.threads, "random_state": self.seed * 100 + member}
            usual = LGBMRegressor(n_estimators=N_USUAL_TREES, **fixed).fit(seen, target).predict(seen)
            weights = np.exp(np.clip(usual - target, -MAX_LOG_WEIGHT, MAX_LOG_WEIGHT))
            trees = LGBMRegressor(n_estimators=N_TREES, objective="l1", **fixed)
            self.members_.append(trees.fit(seen, target, sample_weight=weights))
        return self

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:  # noqa: N803
        """Forecast log units."""
        seen = self._relate(X)
        mean = np.mean([member.predict(seen) for member in self.members_], axis=0)
        return mean + X[self.level].to_numpy() + self.shift

    def _relate(self, features: pd.DataFrame) -> pd.DataFrame:
        level = features[self.level]
        return features.assign(**{name: features[name] - level for name in self.relative})


def forecast_trees(
    shop: Shop, round_: Round, *, seeds: Sequence[int], n_members: int, shift: float, threads: int = 1
) -> pd.DataFrame:
    """Forecast both weeks of ``round_`` with every seed. Columns store, brand, week and one forecast by seed."""
    known = round_.known(shop)
    filled = fill_weeks(known.sales, round_.last_known_week)
    how = {"n_members": n_members, "shift": shift, "threads": threads}
    return pd.concat(
        [
            _forecast_week(known, filled, shop.stores, round_, week, seeds=seeds, how=how)
            for week in round_.forecast_weeks
        ],
        ignore_index=True,
    )


def _forecast_week(
    known: Known,
    filled: pd.DataFrame,
    stores: pd.DataFrame,
    round_: Round,
    week: int,
    *,
    seeds: Sequence[int],
    how: dict[str, Any],
) -> pd.DataFrame:
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    horizon = week - round_.last_known_week
    level = f"rolling_mean_lag{horizon}_window_size{LEVEL_WEEKS}_min_samples1"
    lags = [*range(horizon, horizon + N_LAGS), SEASON_WEEKS]
    year_ago = SEASON_WEEKS - 1
    relative = (
        *(f"lag{lag}" for lag in lags),
        *(f"rolling_mean_lag{horizon}_window_size{n}_min_samples1" for n in ROLLING_WEEKS if n != LEVEL_WEEKS),
        f"rolling_mean_lag{year_ago}_window_size3_min_samples1",
        "like_close_sales",
        "like_recent_sales",
        "like_ever_sales",
    )
    features = make_features(known, filled, week, horizon).join(stores, on="store")
    features["unique_id"] = features["store"] * 100 + features["brand"]
    features = features.astype(dict.fromkeys(SERIES, "category"))
    past = features[features["week"] <= round_.last_known_week].assign(
        logmove=filled["logmove"].to_numpy(),
        weight=filled["is_observed"].to_numpy() * (filled["week"] >= FIRST_WEEK + WARM_UP_WEEKS).to_numpy(),
    )
    ahead = features[features["week"] > round_.last_known_week].drop(columns=[*SERIES, *stores.columns])
    model = MLForecast(
        models={str(seed): PercentageTrees(level=level, relative=relative, seed=seed, **how) for seed in seeds},
        freq=1,
        lags=lags,
        lag_transforms={
            horizon: [RollingMean(n, min_samples=1) for n in ROLLING_WEEKS],
            year_ago: [RollingMean(3, min_samples=1)],
        },
    )
    with warnings.catch_warnings():
        # A deal without a row and a year ago in the first year are missing; the trees know what to do with that.
        warnings.filterwarnings("ignore", message="Found null values")
        # mlforecast 1.0.2 still says copy=False to pandas 3. Can go with the release that does not.
        warnings.filterwarnings("ignore", message="The copy keyword is deprecated")
        model.fit(
            past,
            time_col="week",
            target_col="logmove",
            static_features=[*SERIES, *stores.columns],
            dropna=False,
            weight_col="weight",
        )
        found = model.predict(horizon, X_df=ahead)
    found = found[found["week"] == week]
    keys = {"store": found["unique_id"] // 100, "brand": found["unique_id"] % 100, "week": week}
    return pd.DataFrame({**keys, **{seed: np.exp(found[str(seed)]) for seed in seeds}})
