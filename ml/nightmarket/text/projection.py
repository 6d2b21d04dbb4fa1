"""Fewer dimensions for text vectors: a weighted PCA that gives the same signs every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nightmarket.text.sums import Doubles, Floats, expect


@dataclass(frozen=True)
class Projection:
    """A linear map to fewer dimensions: ``(vectors - mean) @ components.T``.

    Attributes
    ----------
    mean : (dim,) float64
    components : (n_components, dim) float64
        Orthonormal rows, by falling variance.
    """

    mean: Doubles
    components: Doubles

    def transform(self, vectors: Floats) -> Doubles:
        """Project ``(n, dim)`` vectors to ``(n, n_components)``; NaN rows stay NaN."""
        with threadpool_limits(1, user_api="blas"):
            projected: Doubles = (np.asarray(vectors, np.float64) - self.mean) @ self.components.T
        return projected

    def to_arrays(self) -> dict[str, Doubles]:
        """Return the arrays by name, for a safetensors file."""
        return {"mean": self.mean, "components": self.components}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Projection:
        """Build the projection back from ``to_arrays`` (lists, as JSON gives them, do as well)."""
        return cls(np.asarray(arrays["mean"], np.float64), np.asarray(arrays["components"], np.float64))


def fit_projection(vectors: Floats, weights: Floats, n_components: int) -> Projection:
    """Fit a weighted PCA by eigen-decomposition of the covariance.

    Parameters
    ----------
    vectors : (n, dim) float
    weights : (n,) float, non-negative
        How much each vector counts, such as the orders it was in before the cut. Vectors of
        weight 0 do not count, so what nobody had bought yet cannot shape the space.
    n_components : int
        At most ``dim``. Each component's sign makes its largest entry (the first of equals)
        positive, so that the same data give the same signs.

    Raises
    ------
    ValueError
        Shapes do not fit, a weight is negative or not finite, or all are zero.
    """
    expect(
        vectors.ndim == 2 and weights.shape == (len(vectors),),
        "vectors and weights",
        f"shapes {vectors.shape} and {weights.shape}",
        "(n, dim) and (n,)",
    )
    expect(0 < n_components <= vectors.shape[1], "n_components", n_components, f"1 to {vectors.shape[1]}")
    mass = np.asarray(weights, np.float64)
    expect(
        bool(np.isfinite(mass).all() and (mass >= 0).all() and mass.any()),
        "weights",
        "negative, infinite or only zero ones",
        "finite, non-negative and not all zero",
    )
    counted = mass > 0
    share = mass[counted] / mass[counted].sum()
    kept = np.asarray(vectors[counted], np.float64)
    with threadpool_limits(1, user_api="blas"):
        mean = share @ kept
        centred = (kept - mean) * np.sqrt(share)[:, None]
        _, axes = np.linalg.eigh(centred.T @ centred)
    components = axes.T[::-1][:n_components]
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(n_components), largest])
    return Projection(mean, np.ascontiguousarray(components * signs[:, None]))
