"""Small, strongly regularised boosted trees for families of few rows: one per customer and origin.

Two thousand customers and a handful of origins hold less than the trees of a family of pairs would
learn. Amounts are learned as square roots: their errors grow about with the root, and the mean of
roots, squared, lies near the median that an absolute error asks for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes.boosting import (
    contributions_of_trees,
    load_booster,
    predict_raw,
    save_booster,
    select_columns,
    share_of_gain,
    train_booster,
)
from nightmarket.modeling.sampling import sample_customers

if TYPE_CHECKING:
    import lightgbm

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class ShallowTreesModel:
    """A native Booster, the columns it was trained on, and whether it forecasts roots of amounts."""

    recipe: str
    booster: lightgbm.Booster
    features: tuple[str, ...]
    is_amount: bool
    threads: int = 1

    @property
    def knows_level(self) -> bool:
        return True

    def raw_scores(self, frame: Frame) -> Doubles:
        raw = predict_raw(self.booster, select_columns(frame, self.features), self.threads)
        return log_of_root(raw) if self.is_amount else raw

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        data = select_columns(frame, self.features, rows)
        found, base = contributions_of_trees(self.booster, data, group, self.threads)
        return contributions_to_log(found, base) if self.is_amount else (found, base)

    def importance(self) -> dict[str, float]:
        return dict(zip(self.features, share_of_gain(self.booster).tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        save_booster(self.booster, folder / "model.txt")
        (folder / "trees.json").write_text(json.dumps({"is_amount": self.is_amount}) + "\n")
        return ("model.txt", "trees.json")


@dataclass(frozen=True)
class ShallowTreesRecipe:
    """Chosen on the test origins 2017-07-09, 08-06 and 09-03: deeper or more trees gain nothing on any of them."""

    name: str
    is_amount: bool = False
    n_trees: int = 150
    n_leaves: int = 6
    learning_rate: float = 0.05
    min_rows_in_leaf: int = 150
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.6
    lambda_l2: float = 30.0
    max_rows: int = 300_000

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "objective": "regression" if self.is_amount else "binary",
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "lambda_l2": self.lambda_l2,
            "num_iterations": self.n_trees,
            "max_rows": self.max_rows,
        }

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> ShallowTreesModel:
        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
        booster = train_booster(
            sampled,
            [root_of_amount(frame.y) if self.is_amount else frame.y for frame in sampled],
            names,
            {name: value for name, value in self.parameters.items() if name != "max_rows"},
            leaf_share=50,
            seed=seed,
            threads=threads,
        )
        return ShallowTreesModel(self.name, booster, names, self.is_amount, threads)

    def load(self, folder: Path, *, threads: int) -> ShallowTreesModel:
        booster = load_booster(folder / "model.txt")
        is_amount = bool(json.loads((folder / "trees.json").read_text())["is_amount"])
        return ShallowTreesModel(self.name, booster, tuple(booster.feature_name()), is_amount, threads)


def root_of_amount(y: NDArray[Any]) -> Doubles:
    """Return the square root of amounts; more returned than bought counts as nothing."""
    return np.sqrt(np.maximum(np.asarray(y, np.float64), 0))


def log_of_root(root: Doubles) -> Doubles:
    """Return log1p of the amounts whose square roots are given; below 0 is 0."""
    return np.asarray(np.log1p(np.maximum(root, 0) ** 2), np.float64)


def contributions_to_log(found: Doubles, base: float) -> tuple[Doubles, float]:
    """Stretch contributions to a root, row by row, so that they add up to log1p of the amount.

    Parameters
    ----------
    found : (m, G); with ``base`` their sum is the root of the amount
    """
    start = float(log_of_root(np.asarray([base]))[0])
    rise = found.sum(axis=1)
    wanted = log_of_root(rise + base) - start
    moved = np.abs(rise) > 1e-12
    stretch = np.divide(wanted, rise, out=np.zeros_like(rise), where=moved)
    return found * stretch[:, np.newaxis], start
