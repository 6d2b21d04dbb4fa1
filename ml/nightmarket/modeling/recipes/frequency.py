"""Plain frequency: who bought it lately buys it again, others as the category sells. The baseline of every claim."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]
BOUGHT, POPULAR = "pair__n_orders", "category__penetration_28d"


@dataclass(frozen=True)
class FrequencyModel:
    """Raw score: log of (orders of the pair + ``prior_orders`` × the category's penetration).

    A pair never bought is ranked by how many customers buy the category, one bought before by how
    often, and among equals again by the category.
    """

    prior_orders: float
    mean_log_popularity: float
    recipe: str = field(default="frequency", init=False)
    knows_level: bool = field(default=False, init=False)
    features: tuple[str, ...] = field(default=(BOUGHT, POPULAR), init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        return np.log(_orders(frame) + self._popularity(frame))

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        popularity = self._popularity(frame)[rows]
        table = np.zeros((len(rows), int(group.max()) + 1))
        table[:, group[0]] += np.log1p(_orders(frame)[rows] / popularity)
        table[:, group[1]] += np.log(popularity) - self.mean_log_popularity
        return table, self.mean_log_popularity

    def importance(self) -> dict[str, float]:
        return {BOUGHT: 1.0, POPULAR: self.prior_orders}

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {"prior_orders": self.prior_orders, "mean_log_popularity": self.mean_log_popularity}
        (folder / "model.json").write_text(json.dumps(learned, sort_keys=True) + "\n")
        return ("model.json",)

    def _popularity(self, frame: Frame) -> Doubles:
        return self.prior_orders * _penetration(frame)


@dataclass(frozen=True)
class FrequencyRecipe:
    """Nothing to fit but the level: ``prior_orders`` is a constant, small enough to rank below any order."""

    prior_orders: float = 0.5
    name: str = field(default="frequency", init=False)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"prior_orders": self.prior_orders}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],  # noqa: ARG002 - the recipe names its own two
        seed: int,  # noqa: ARG002 - nothing is random
        threads: int,  # noqa: ARG002 - nothing is slow
    ) -> FrequencyModel:
        logs = np.concatenate([np.log(self.prior_orders * _penetration(frame)) for frame in frames])
        return FrequencyModel(self.prior_orders, float(logs.mean()))

    def load(self, folder: Path, *, threads: int) -> FrequencyModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return FrequencyModel(float(learned["prior_orders"]), float(learned["mean_log_popularity"]))


def _orders(frame: Frame) -> Doubles:
    return np.nan_to_num(frame.columns[BOUGHT].astype(np.float64))


def _penetration(frame: Frame) -> Doubles:
    """Share of customers; floored, so that a category nobody bought lately still has a logarithm."""
    return np.maximum(np.nan_to_num(frame.columns[POPULAR].astype(np.float64)), 1e-5)
