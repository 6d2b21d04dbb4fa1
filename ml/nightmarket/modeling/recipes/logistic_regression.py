"""Logistic regression on log-scaled, standardised features: small, smooth, readable as JSON."""

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
from nightmarket.modeling.sampling import sample_customers

Doubles = NDArray[np.float64]
_CHUNK = 65_536
_MANY_ROWS, _EVERY = 100_000, 20
"""From so many rows on, every so manyth finds where the solver starts."""


@dataclass(frozen=True)
class LogisticRegressionModel:
    """Linear in z = (signed_log(x) - mean) / scale, with an undefined x at z = 0 and its own coefficient.

    The line has two coefficients per feature: for z, and for "is undefined".
    """

    line: Line
    recipe: str = "logistic_regression"
    knows_level: bool = field(default=True, init=False)

    @property
    def features(self) -> tuple[str, ...]:
        return self.line.features

    def raw_scores(self, frame: Frame) -> Doubles:
        raw = np.empty(len(frame))
        with threadpool_limits(1, user_api="blas"):  # as in the fit: the calibrator is fitted on these
            for start in range(0, len(frame), _CHUNK):
                rows = slice(start, start + _CHUNK)
                raw[rows] = self._design(frame, rows) @ self.line.coefficients + self.line.intercept
        return raw

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        parts = self._design(frame, rows) * self.line.coefficients
        return self.line.shares(parts, np.tile(group, 2)), self.line.intercept

    def importance(self) -> dict[str, float]:
        sizes = np.abs(self.line.coefficients[: len(self.features)])
        return dict(zip(self.features, sizes.tolist(), strict=True))

    def save(self, folder: Path) -> tuple[str, ...]:
        return self.line.save(folder)

    def _design(self, frame: Frame, rows: slice | NDArray[np.int64]) -> Doubles:
        logs = _signed_log(np.column_stack([frame.columns[name][rows] for name in self.features]))
        return np.concatenate(self.line.standardise(logs), axis=1)


@dataclass(frozen=True)
class LogisticRegressionRecipe:
    """``max_rows`` bounds time and memory: beyond it whole customers are sampled, never classes."""

    ridge: float = 1.0
    max_rows: int = 200_000
    name: str = "logistic_regression"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"ridge": self.ridge, "max_rows": self.max_rows}

    def fit(
        self,
        frames: Sequence[Frame],
        *,
        features: Sequence[str],
        seed: int,
        threads: int,  # noqa: ARG002 - more than one would change the last digits, see below
    ) -> LogisticRegressionModel:
        from sklearn.linear_model import LogisticRegression  # a second to import, and scoring never needs it

        names = tuple(features)
        sampled = sample_customers(frames, self.max_rows, seed)
        y = np.concatenate([frame.y for frame in sampled])
        design, told, mean, scale = _standardised(sampled, names)
        solver = LogisticRegression(C=1 / self.ridge, solver="newton-cholesky", max_iter=50, tol=1e-5, warm_start=True)
        # BLAS splits sums by its threads: with two, coefficients differed by 2e-13 from those with one.
        with threadpool_limits(1):
            # A step on 600,000 rows takes most of a second. Every twentieth row finds where to start, so that two or
            # three do for a tenth of the tolerance that six cold ones came to.
            if len(y) >= _MANY_ROWS:
                solver.fit(design[::_EVERY], y[::_EVERY])
            solver.fit(design, y)
        coefficients = np.zeros(2 * len(names))
        coefficients[told] = solver.coef_[0]
        line = Line(names, mean, scale, coefficients, float(solver.intercept_[0]))
        return LogisticRegressionModel(line, self.name)

    def load(self, folder: Path, *, threads: int) -> LogisticRegressionModel:  # noqa: ARG002 - nothing is slow
        return LogisticRegressionModel(Line.load(folder), self.name)


def _standardised(frames: Sequence[Frame], names: Sequence[str]) -> tuple[Doubles, NDArray[np.int64], Doubles, Doubles]:
    """Return the design, which of the 2 * n_features coefficients its columns have, and every feature's mean and scale.

    Column by column: what is passed over several times stays in the cache.
    """
    # Most features are always defined: their flags would be columns of zeros, and half of the solver's work.
    holed = [i for i, name in enumerate(names) if any(np.isnan(frame.columns[name]).any() for frame in frames)]
    told = np.asarray([*range(len(names)), *(len(names) + i for i in holed)])
    design = np.empty((sum(len(frame) for frame in frames), len(told)))
    moments = []
    for i, name in enumerate(names):
        logs = _signed_log(np.concatenate([frame.columns[name] for frame in frames]))
        mean, scale = mean_and_scale(logs)
        undefined = np.isnan(logs)
        design[:, i] = np.where(undefined, 0, (logs - mean) / scale)
        moments.append((mean, scale))
        if i in holed:
            design[:, len(names) + holed.index(i)] = undefined
    means, scales = np.asarray(moments).T
    return design, told, means, scales


def _signed_log(x: NDArray[np.float32]) -> Doubles:
    """Counts, money and days have long tails; a logarithm makes them nearly linear in the log-odds."""
    wide = x.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))
