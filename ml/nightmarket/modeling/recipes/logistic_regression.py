"""Logistic regression on log-scaled, standardised features: small, smooth, readable as JSON."""

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
from nightmarket.modeling.sampling import sample_customers

Doubles = NDArray[np.float64]
_CHUNK = 65_536


@dataclass(frozen=True)
class LogisticRegressionModel:
    """Linear in z = (signed_log(x) - mean) / scale, with an undefined x at z = 0 and its own coefficient.

    ``coefficients`` holds two numbers per feature: for z, and for "is undefined".
    """

    features: tuple[str, ...]
    mean: Doubles
    scale: Doubles
    coefficients: Doubles
    intercept: float
    recipe: str = field(default="logistic_regression", init=False)
    knows_level: bool = field(default=True, init=False)

    def raw_scores(self, frame: Frame) -> Doubles:
        raw = np.empty(len(frame))
        with threadpool_limits(1, user_api="blas"):  # as in the fit: the calibrator is fitted on these
            for start in range(0, len(frame), _CHUNK):
                rows = slice(start, start + _CHUNK)
                raw[rows] = self._design(frame, rows) @ self.coefficients + self.intercept
        return raw

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        parts = self._design(frame, rows) * self.coefficients
        members = np.zeros((len(self.coefficients), int(group.max()) + 1))
        members[np.arange(len(self.coefficients)), np.tile(group, 2)] = 1
        return parts @ members, self.intercept

    def importance(self) -> dict[str, float]:
        sizes = np.abs(self.coefficients[: len(self.features)])
        return dict(zip(self.features, sizes.tolist(), strict=True))

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

    def _design(self, frame: Frame, rows: slice | NDArray[np.int64]) -> Doubles:
        return _design(frame, self.features, rows, self.mean, self.scale)


@dataclass(frozen=True)
class LogisticRegressionRecipe:
    """``max_rows`` bounds time and memory: beyond it whole customers are sampled, never classes."""

    ridge: float = 1.0
    max_rows: int = 200_000
    name: str = field(default="logistic_regression", init=False)

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
        logs = np.concatenate([_signed_log(frame.matrix(names)) for frame in sampled])
        y = np.concatenate([frame.y for frame in sampled])
        given = ~np.isnan(logs)
        n_given = np.maximum(given.sum(axis=0), 1)
        mean = np.where(given, logs, 0).sum(axis=0) / n_given
        variance = (np.where(given, logs - mean, 0) ** 2).sum(axis=0) / n_given
        scale = np.where(variance > 1e-12, np.sqrt(variance), 1.0)
        design = np.concatenate([np.where(given, (logs - mean) / scale, 0), ~given], axis=1)
        del logs, given
        solver = LogisticRegression(C=1 / self.ridge, solver="newton-cholesky", max_iter=50, tol=1e-4)
        # BLAS splits sums by its threads: with two, coefficients differed by 2e-13 from those with one.
        with threadpool_limits(1):
            solver.fit(design, y)
        return LogisticRegressionModel(names, mean, scale, solver.coef_[0].copy(), float(solver.intercept_[0]))

    def load(self, folder: Path, *, threads: int) -> LogisticRegressionModel:  # noqa: ARG002 - nothing is slow
        learned = json.loads((folder / "model.json").read_text())
        return LogisticRegressionModel(
            tuple(learned["features"]),
            np.asarray(learned["mean"]),
            np.asarray(learned["scale"]),
            np.asarray(learned["coefficients"]),
            float(learned["intercept"]),
        )


def _design(
    frame: Frame, features: Sequence[str], rows: slice | NDArray[np.int64], mean: Doubles, scale: Doubles
) -> Doubles:
    logs = _signed_log(np.column_stack([frame.columns[name][rows] for name in features]))
    undefined = np.isnan(logs)
    return np.concatenate([np.where(undefined, 0, (logs - mean) / scale), undefined], axis=1)


def _signed_log(x: NDArray[np.float32]) -> Doubles:
    """Counts, money and days have long tails; a logarithm makes them nearly linear in the log-odds."""
    wide = x.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))
