"""What a customer bought most, they buy again; among equals, what sells most. The baselines of the next basket."""

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
POPULAR = "product__penetration_84d"


@dataclass(frozen=True)
class PersonalFrequencyModel:
    """Raw score: log of (the customer's count + ``prior_orders`` × the product's share of baskets)."""

    recipe: str
    features: tuple[str, str]
    prior_orders: float
    mean_log_popularity: float
    knows_level: bool = field(default=False, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        return np.log(_count(frame, self.features[0]) + self._popularity(frame))

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        popularity = self._popularity(frame)[rows]
        table = np.zeros((len(rows), int(group.max()) + 1))
        table[:, group[0]] += np.log1p(_count(frame, self.features[0])[rows] / popularity)
        table[:, group[1]] += np.log(popularity) - self.mean_log_popularity
        return table, self.mean_log_popularity

    def importance(self) -> dict[str, float]:
        return {self.features[0]: 1.0, self.features[1]: self.prior_orders}

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {"prior_orders": self.prior_orders, "mean_log_popularity": self.mean_log_popularity}
        (folder / "model.json").write_text(json.dumps(learned, sort_keys=True) + "\n")
        return ("model.json",)

    def _popularity(self, frame: Frame) -> Doubles:
        return self.prior_orders * _share(frame)


@dataclass(frozen=True)
class PersonalFrequencyRecipe:
    """Nothing to fit: ``prior_orders`` is a constant, small enough to rank any popularity below one order."""

    name: str
    count: str
    prior_orders: float = 0.01

    @property
    def parameters(self) -> dict[str, Any]:
        return {"count": self.count, "prior_orders": self.prior_orders}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],  # noqa: ARG002 - the recipe names its own two
        seed: int,  # noqa: ARG002 - nothing is random
        threads: int,  # noqa: ARG002 - nothing is slow
    ) -> PersonalFrequencyModel:
        logs = np.concatenate([np.log(self.prior_orders * _share(frame)) for frame in frames])
        return PersonalFrequencyModel(self.name, (self.count, POPULAR), self.prior_orders, float(logs.mean()))

    def load(self, folder: Path, *, threads: int) -> PersonalFrequencyModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return PersonalFrequencyModel(
            self.name, (self.count, POPULAR), float(learned["prior_orders"]), float(learned["mean_log_popularity"])
        )


PERSONAL_FREQUENCY = PersonalFrequencyRecipe("personal_frequency", "pair__n_orders")
"""How often the customer bought it."""
DECAYED_FREQUENCY = PersonalFrequencyRecipe("decayed_frequency", "pair__decayed_orders")
"""The same, each basket counting 0.95 of the one after it."""


def _count(frame: Frame, column: str) -> Doubles:
    return np.nan_to_num(frame.columns[column].astype(np.float64))


def _share(frame: Frame) -> Doubles:
    """Share of baskets; floored, so that a product nobody bought lately still has a logarithm."""
    return np.maximum(np.nan_to_num(frame.columns[POPULAR].astype(np.float64)), 1e-7)
