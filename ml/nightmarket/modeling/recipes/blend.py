"""The mean of several recipes' raw scores: what a smooth and a stepwise model get wrong is not the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes.base import FittedModel, Recipe

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class BlendModel:
    """Its parts read the same features and write files of different names."""

    recipe: str
    parts: tuple[FittedModel, ...]

    @property
    def features(self) -> tuple[str, ...]:
        return self.parts[0].features

    @property
    def knows_level(self) -> bool:
        return all(part.knows_level for part in self.parts)

    def raw_scores(self, frame: Frame) -> Doubles:
        return np.asarray(np.mean([part.raw_scores(frame) for part in self.parts], axis=0), np.float64)

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        found = [part.contributions(frame, rows, group) for part in self.parts]
        table = np.mean([one for one, _ in found], axis=0)
        return np.asarray(table, np.float64), float(np.mean([base for _, base in found]))

    def importance(self) -> dict[str, float]:
        """Return the mean of the parts' importances, each part's adding up to 1."""
        found = dict.fromkeys(self.features, 0.0)
        for part in self.parts:
            sizes = part.importance()
            total = sum(sizes.values()) or 1.0
            for name, size in sizes.items():
                found[name] += size / total / len(self.parts)
        return found

    def save(self, folder: Path) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.save(folder))


@dataclass(frozen=True)
class BlendRecipe:
    """A blend of ``parts``, each fitted on the same rows."""

    name: str
    parts: tuple[Recipe, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        return {f"{part.name}.{name}": value for part in self.parts for name, value in part.parameters.items()}

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> BlendModel:
        fitted = (part.fit(frames, features=features, seed=seed, threads=threads) for part in self.parts)
        return BlendModel(self.name, tuple(fitted))

    def load(self, folder: Path, *, threads: int) -> BlendModel:
        return BlendModel(self.name, tuple(part.load(folder, threads=threads) for part in self.parts))
