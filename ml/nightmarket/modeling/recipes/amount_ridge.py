"""Ridge regression of the square root of an amount on square roots of the features: small, smooth, readable as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes.linear import Line, mean_and_scale
from nightmarket.modeling.recipes.shallow_trees import contributions_to_log, log_of_root, root_of_amount
from nightmarket.modeling.sampling import sample_customers

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class AmountRidgeModel:
    """Linear in z = (signed_root(x) - mean) / scale, with an undefined x at z = 0."""

    line: Line
    recipe: str = field(default="amount_ridge", init=False)
    knows_level: bool = field(default=True, init=False)

    @property
    def features(self) -> tuple[str, ...]:
        return self.line.features

    def raw_scores(self, frame: Frame) -> Doubles:
        with threadpool_limits(1, user_api="blas"):  # as in the fit: the intervals are fitted on these
            return log_of_root(self._design(frame) @ self.line.coefficients + self.line.intercept)

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        parts = self._design(frame.take(rows)) * self.line.coefficients
        return contributions_to_log(self.line.shares(parts, group), self.line.intercept)

    def importance(self) -> dict[str, float]:
        return dict(zip(self.features, np.abs(self.line.coefficients).tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        return self.line.save(folder)

    def _design(self, frame: Frame) -> Doubles:
        z, _ = self.line.standardise(_signed_root(frame.matrix(self.features)))
        return z


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
        mean, scale = mean_and_scale(roots)
        z = np.where(np.isnan(roots), 0, (roots - mean) / scale)
        with threadpool_limits(1):
            centre = z.mean(axis=0)
            gram = (z - centre).T @ (z - centre) + self.ridge * np.eye(len(names))
            coefficients = np.linalg.solve(gram, (z - centre).T @ (y - y.mean()))
        return AmountRidgeModel(Line(names, mean, scale, coefficients, float(y.mean() - centre @ coefficients)))

    def load(self, folder: Path, *, threads: int) -> AmountRidgeModel:  # noqa: ARG002 - nothing is slow
        return AmountRidgeModel(Line.load(folder))


def _signed_root(x: NDArray[np.float32]) -> Doubles:
    wide = x.astype(np.float64)
    return np.asarray(np.sign(wide) * np.sqrt(np.abs(wide)), np.float64)
