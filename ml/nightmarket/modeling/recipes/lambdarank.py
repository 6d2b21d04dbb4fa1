"""Gradient-boosted trees for lists: LambdaRank for the order of each customer's rows, and trees for their level.

LambdaRank (Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", 2010) compares a customer's rows with
each other and knows nothing of how one customer's list stands to another's: calibrated, its scores had a lower
average precision than a plain decayed frequency (.189 against .220 on The Complete Journey, 2017-11-27). Trees on the
log-odds of each row know that, and order lists nearly as well. The sum of both is better at either than each alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
ORDER_WEIGHT = 0.3
"""What a LambdaRank score adds to the log-odds. At tests of 2017-10-02 and 10-30, .25 and .5 were alike."""


@dataclass(frozen=True)
class LambdaRankModel:
    """Raw score: log-odds by ``booster``, plus ``ORDER_WEIGHT`` × the LambdaRank score by ``order``.

    Positives weigh by their basket, so the level is right only after calibration.
    """

    booster: lightgbm.Booster
    order: lightgbm.Booster
    features: tuple[str, ...]
    threads: int = 1
    recipe: str = field(default="lambdarank", init=False)
    knows_level: bool = field(default=False, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        data = select_columns(frame, self.features)
        raw = np.zeros(len(frame))
        for booster, weight in self._parts():
            raw += weight * predict_raw(booster, data, self.threads)
        return raw

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        data = select_columns(frame, self.features, rows)
        found, base = np.zeros((len(rows), int(group.max()) + 1)), 0.0
        for booster, weight in self._parts():
            part, part_base = contributions_of_trees(booster, data, group, self.threads)
            found += weight * part
            base += weight * part_base
        return found, base

    def importance(self) -> dict[str, float]:
        """Return the mean share of both boosters' gain."""
        shares = np.mean([share_of_gain(booster) for booster, _ in self._parts()], axis=0)
        return dict(zip(self.features, shares.tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        for booster, name in ((self.booster, "model.txt"), (self.order, "order.txt")):
            save_booster(booster, folder / name)
        return ("model.txt", "order.txt")

    def _parts(self) -> tuple[tuple[lightgbm.Booster, float], ...]:
        return (self.booster, 1.0), (self.order, ORDER_WEIGHT)


@dataclass(frozen=True)
class LambdaRankRecipe:
    """Both boosters, on the same rows and with the same trees.

    Beyond ``max_rows`` whole customers are sampled, so that a fit's time is bounded. For the order, a customer without
    a positive row has nothing to teach and is left out, and ``truncation`` is how deep a wrong order counts: twice the
    ten that are measured. For the level, a customer weighs 1 / sqrt(items of the basket): a hit in a small basket is
    worth more to recall.
    """

    n_trees: int = 70
    n_leaves: int = 31
    learning_rate: float = 0.08
    min_rows_in_leaf: int = 100
    max_bin: int = 63
    feature_fraction: float = 0.5
    lambda_l2: float = 10.0
    truncation: int = 20
    max_rows: int = 300_000
    name: str = field(default="lambdarank", init=False)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "max_bin": self.max_bin,
            "feature_fraction": self.feature_fraction,
            "lambda_l2": self.lambda_l2,
            "lambdarank_truncation_level": self.truncation,
            "num_iterations": self.n_trees,
            "max_rows": self.max_rows,
            "order_weight": ORDER_WEIGHT,
        }

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> LambdaRankModel:
        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
        weight = np.concatenate([_basket_weight(frame) for frame in sampled])
        level = self._train(sampled, names, {"objective": "binary"}, seed, threads, weight=weight / weight.mean())
        lists = [_with_positives(frame) for frame in sampled]
        sizes = np.concatenate([np.unique(frame.customer, return_counts=True)[1] for frame in lists])
        order = self._train(lists, names, {"objective": "lambdarank"}, seed, threads, group=sizes)
        return LambdaRankModel(level, order, names, threads)

    def load(self, folder: Path, *, threads: int) -> LambdaRankModel:
        level, order = (load_booster(folder / name) for name in ("model.txt", "order.txt"))
        return LambdaRankModel(level, order, tuple(level.feature_name()), threads)

    def _train(
        self,
        frames: Sequence[Frame],
        names: tuple[str, ...],
        objective: dict[str, Any],
        seed: int,
        threads: int,
        **dataset: Any,
    ) -> lightgbm.Booster:
        own = {name: value for name, value in self.parameters.items() if name not in ("max_rows", "order_weight")}
        return train_booster(
            frames,
            [frame.y for frame in frames],
            names,
            {**own, **objective},
            leaf_share=200,
            seed=seed,
            threads=threads,
            **dataset,
        )


def _basket_weight(frame: Frame) -> Doubles:
    """Return each row's weight; who has no basket weighs like a basket of the mean size."""
    size = frame.n_outcomes
    if size is None:
        size = np.bincount(frame.customer, frame.y, minlength=len(frame.customer_ids)).astype(np.int64)
    mean = float(size[size > 0].mean()) if (size > 0).any() else 1.0
    return np.asarray(1 / np.sqrt(np.where(size > 0, size, mean)), np.float64)[frame.customer]


def _with_positives(frame: Frame) -> Frame:
    has = np.bincount(frame.customer, frame.y, minlength=len(frame.customer_ids)) > 0
    return frame.take(np.flatnonzero(has[frame.customer]))
