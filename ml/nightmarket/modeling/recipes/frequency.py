"""Plain frequency: what a customer bought most, they buy again; among equals, what sells most.

The baselines of rows of two keys, which every claim is measured against.
"""

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


@dataclass(frozen=True)
class FrequencyModel:
    """Raw score: log of (the pair's count + ``prior_orders`` × the item's share).

    A pair never bought is ranked by how widely the item sells, one bought before by how often, and among equals again
    by the item.

    Attributes
    ----------
    features : the columns of the count, and of the share of customers or baskets
    floor : of the share, so that an item nobody bought lately still has a logarithm
    """

    recipe: str
    features: tuple[str, str]
    floor: float
    prior_orders: float
    mean_log_popularity: float
    knows_level: bool = field(default=False, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        return np.log(self._count(frame) + self.popularity(frame))

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        popularity = self.popularity(frame)[rows]
        table = np.zeros((len(rows), int(group.max()) + 1))
        table[:, group[0]] += np.log1p(self._count(frame)[rows] / popularity)
        table[:, group[1]] += np.log(popularity) - self.mean_log_popularity
        return table, self.mean_log_popularity

    def importance(self) -> dict[str, float]:
        return {self.features[0]: 1.0, self.features[1]: self.prior_orders}

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {"prior_orders": self.prior_orders, "mean_log_popularity": self.mean_log_popularity}
        (folder / "model.json").write_text(json.dumps(learned, sort_keys=True) + "\n")
        return ("model.json",)

    def popularity(self, frame: Frame) -> Doubles:
        """Return ``prior_orders`` × the floored share, (n,)."""
        share = np.nan_to_num(frame.columns[self.features[1]].astype(np.float64))
        return np.asarray(self.prior_orders * np.maximum(share, self.floor), np.float64)

    def _count(self, frame: Frame) -> Doubles:
        return np.nan_to_num(frame.columns[self.features[0]].astype(np.float64))


@dataclass(frozen=True)
class FrequencyRecipe:
    """Nothing to fit but the level: ``prior_orders`` is a constant, small enough to rank any share below one order.

    ``count``, ``share`` and ``floor`` are the columns and the floor of :class:`FrequencyModel`.
    """

    name: str
    count: str
    share: str
    floor: float
    prior_orders: float

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
    ) -> FrequencyModel:
        unlevelled = self._model(self.prior_orders, 0.0)
        logs = np.concatenate([np.log(unlevelled.popularity(frame)) for frame in frames])
        return self._model(self.prior_orders, float(logs.mean()))

    def load(self, folder: Path, *, threads: int) -> FrequencyModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return self._model(float(learned["prior_orders"]), float(learned["mean_log_popularity"]))

    def _model(self, prior_orders: float, mean_log_popularity: float) -> FrequencyModel:
        return FrequencyModel(self.name, (self.count, self.share), self.floor, prior_orders, mean_log_popularity)


FREQUENCY = FrequencyRecipe("frequency", "pair__n_orders", "category__penetration_28d", 1e-5, 0.5)
"""How often the customer bought from the category; the share is of customers."""
PERSONAL_FREQUENCY = FrequencyRecipe("personal_frequency", "pair__n_orders", "product__penetration_84d", 1e-7, 0.01)
"""How often the customer bought the product; the share is of baskets."""
DECAYED_FREQUENCY = FrequencyRecipe("decayed_frequency", "pair__decayed_orders", "product__penetration_84d", 1e-7, 0.01)
"""The same, each basket counting 0.95 of the one after it."""
