"""What the two linear recipes share: standardised features with holes, and a model that is a page of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
MODEL = "model.json"


@dataclass(frozen=True)
class Line:
    """``coefficients`` of z = (x - mean) / scale and of whatever a recipe adds to them, and an intercept."""

    features: tuple[str, ...]
    mean: Doubles
    scale: Doubles
    coefficients: Doubles
    intercept: float

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {
            "features": list(self.features),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }
        (folder / MODEL).write_text(json.dumps(learned, sort_keys=True) + "\n")
        return (MODEL,)

    @classmethod
    def load(cls, folder: Path) -> Line:
        learned = json.loads((folder / MODEL).read_text())
        return cls(
            tuple(learned["features"]),
            np.asarray(learned["mean"]),
            np.asarray(learned["scale"]),
            np.asarray(learned["coefficients"]),
            float(learned["intercept"]),
        )

    def standardise(self, x: Doubles) -> tuple[Doubles, NDArray[np.bool_]]:
        """Return z of ``x`` (n, n_features), 0 where undefined, and where that is."""
        undefined = np.isnan(x)
        return np.asarray(np.where(undefined, 0, (x - self.mean) / self.scale), np.float64), undefined

    def shares(self, parts: Doubles, group: NDArray[np.int64]) -> Doubles:
        """Add up ``parts`` (m, n_coefficients) by the group of each: (m, G)."""
        members = np.zeros((parts.shape[1], int(group.max()) + 1))
        members[np.arange(parts.shape[1]), group] = 1
        return np.asarray(parts @ members, np.float64)


def mean_and_scale(x: Doubles) -> tuple[Doubles, Doubles]:
    """Return the mean and the standard deviation of each column's defined values; 1 where a column is constant."""
    given = ~np.isnan(x)
    n_given = np.maximum(given.sum(axis=0), 1)
    mean = np.where(given, x, 0).sum(axis=0) / n_given
    variance = (np.where(given, x - mean, 0) ** 2).sum(axis=0) / n_given
    return mean, np.where(variance > 1e-12, np.sqrt(variance), 1.0)
