"""One LightGBM model for all series of a level: by how much the coming weeks differ from the local level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nightmarket.modeling.demand.features import Features
from nightmarket.modeling.demand.panel import HORIZON, Doubles, Floats

MEAN, MEDIAN = "lightgbm mean", "lightgbm median"
_SHARED = {
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "product": {"learning_rate": 0.07, "num_leaves": 15, "min_data_in_leaf": 200, "lambda_l2": 10.0},
    "category": {"learning_rate": 0.04, "num_leaves": 8, "min_data_in_leaf": 150, "lambda_l2": 20.0},
}
_N_TREES = {"product": 100, "category": 150}


@dataclass(frozen=True)
class Examples:
    """Rows to learn from: features, the units that level and calendar lead one to expect, and those that were sold."""

    names: tuple[str, ...]
    features: Floats
    expected: Doubles
    units: Doubles

    def __len__(self) -> int:
        return len(self.units)


def make_examples(features: Features, ahead: Doubles, outcome: Doubles, *, weeks: Sequence[int]) -> Examples:
    """Return a row for every series and each of ``weeks`` ahead (0..7) whose outcome is known.

    Parameters
    ----------
    ahead : (m, 8) how many times an ordinary week's units each week ahead sells
    outcome : (m, 8) units of the weeks from the origin on; NaN where a week is not known
    """
    known = [np.flatnonzero(np.isfinite(outcome[:, week])) for week in weeks]
    return Examples(
        features.names,
        np.vstack([features.rows(rows, week) for week, rows in zip(weeks, known, strict=True)]),
        np.concatenate([(features.level * ahead[:, week])[rows] for week, rows in zip(weeks, known, strict=True)]),
        np.concatenate([outcome[rows, week] for week, rows in zip(weeks, known, strict=True)]),
    )


def fit_trees(kind: str, level: str, examples: Sequence[Examples], *, seed: int, threads: int) -> Trees:
    """Fit a booster on the rows of all origins; the same rows give the same bytes, whatever the threads.

    ``MEAN`` : Poisson deviance; starts from what is expected, so that the trees learn the logarithm of a factor.
        Unbiased in units, also for series that are mostly 0.
    ``MEDIAN`` : absolute error of units as multiples of what is expected, weighted by it (by its root for
        categories, where a few would be all that counts). What WAPE rewards: peaks of promotions that nobody knows
        ahead do not lift it, so alone it is too low by as much as the peaks bring.
    """
    import lightgbm as lgb

    units = np.concatenate([one.units for one in examples])
    base = np.concatenate([one.expected for one in examples])
    rows = np.vstack([one.features for one in examples])
    parameters = {**_SHARED, **_PARAMETERS[level], "seed": seed, "num_threads": threads, "max_bin": 127}
    shared = {"feature_name": list(examples[0].names), "params": {"max_bin": 127, "verbosity": -1}}
    if kind == MEAN:
        data = lgb.Dataset(rows, units, init_score=np.log(base), **shared)
        parameters["objective"] = "poisson"
    else:
        weight = base if level == "product" else np.sqrt(base)
        data = lgb.Dataset(rows, units / base - 1, weight=weight, init_score=np.zeros(len(units)), **shared)
        parameters["objective"] = "l1"
    return Trees(kind, lgb.train(parameters, data, num_boost_round=_N_TREES[level]), threads)


@dataclass(frozen=True)
class Trees:
    """A fitted booster, and the threads that it forecasts with."""

    kind: str
    booster: Any
    threads: int

    def predict(self, features: Features) -> Doubles:
        """Return the units of ordinary weeks, (m, 8), never below 0."""
        everyone = np.arange(len(features.level))
        raw = np.column_stack(
            [
                self.booster.predict(features.rows(everyone, week), raw_score=True, num_threads=self.threads)
                for week in range(HORIZON)
            ]
        )
        factor = np.exp(raw) if self.kind == MEAN else np.maximum(1 + raw, 0)
        return np.asarray(features.level[:, None] * factor, np.float64)
