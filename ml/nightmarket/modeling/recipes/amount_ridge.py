"""Ridge regression of the square root of an amount on square roots of the features: small, smooth, readable as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes.shallow_trees import contributions_to_log, log_of_root, root_of_amount
from nightmarket.modeling.sampling import sample_customers

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class AmountRidgeModel:
    """Linear in z = (signed_root(x) - mean) / scale, with an undefined x at z = 0."""

    features: tuple[str, ...]
    mean: Doubles
    scale: Doubles
    coefficients: Doubles
    intercept: float
    recipe: str = field(default="amount_ridge", init=False)
    knows_level: bool = field(default=True, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        with threadpool_limits(1, user_api="blas"):  # as in the fit: the intervals are fitted on these
            return log_of_root(
                _design(frame, self.features, self.mean, self.scale) @ self.coefficients + self.intercept
            )

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        parts = _design(frame.take(rows), self.features, self.mean, self.scale) * self.coefficients
        members = np.zeros((len(self.coefficients), int(group.max()) + 1))
        members[np.arange(len(self.coefficients)), group] = 1
        return contributions_to_log(parts @ members, self.intercept)

    def importance(self) -> dict[str, float]:
        return dict(zip(self.features, np.abs(self.coefficients).tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        learned = {
            "features": list(self.features),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }
        (folder / "model.json").write_text(json.dumps(learned, sort_keys=True) + "\n")
        return ("model.json",)


@dataclass(frozen=True)
class AmountRidgeRecipe:
    """``ridge`` counts in rows; a tenth or ten times of it changes nothing on The Complete Journey."""

    ridge: float = 300.0
    max_rows: int = 300_000
    name: str = field(default="amount_ridge", init=False)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"ridge": self.ridge, "max_rows": self.max_rows}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],
        seed: int,
        threads: int,  # noqa: ARG002 - more than one would change the last digits
    ) -> AmountRidgeModel:
        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
        roots = np.concatenate([_signed_root(frame.matrix(names)) for frame in sampled])
        y = np.concatenate([root_of_amount(frame.y) for frame in sampled])
        given = ~np.isnan(roots)
        n_given = np.maximum(given.sum(axis=0), 1)
        mean = np.where(given, roots, 0).sum(axis=0) / n_given
        variance = (np.where(given, roots - mean, 0) ** 2).sum(axis=0) / n_given
        scale = np.where(variance > 1e-12, np.sqrt(variance), 1.0)
        z = np.where(given, (roots - mean) / scale, 0)
        with threadpool_limits(1):
            centre = z.mean(axis=0)
            gram = (z - centre).T @ (z - centre) + self.ridge * np.eye(len(names))
            coefficients = np.linalg.solve(gram, (z - centre).T @ (y - y.mean()))
        return AmountRidgeModel(names, mean, scale, coefficients, float(y.mean() - centre @ coefficients))

    def load(self, folder: Path, *, threads: int) -> AmountRidgeModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return AmountRidgeModel(
            tuple(learned["features"]),
            np.asarray(learned["mean"]),
            np.asarray(learned["scale"]),
            np.asarray(learned["coefficients"]),
            float(learned["intercept"]),
        )


def _design(frame: Frame, features: Sequence[str], mean: Doubles, scale: Doubles) -> Doubles:
    z = (_signed_root(frame.matrix(features)) - mean) / scale
    return np.asarray(np.where(np.isnan(z), 0, z), np.float64)


def _signed_root(x: NDArray[np.float32]) -> Doubles:
    wide = x.astype(np.float64)
    return np.asarray(np.sign(wide) * np.sqrt(np.abs(wide)), np.float64)
