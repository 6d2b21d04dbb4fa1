"""Covariates made ready for any model: gaps filled and flagged, columns on one scale, learned on training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.uplift.trial import Doubles


@dataclass(frozen=True)
class Preparation:
    """Means and scales of the training rows, and which columns had gaps there.

    A gap becomes the mean (0 once scaled); a column with gaps gets a second one that says where they were. A column
    that does not vary becomes 0.
    """

    mean: Doubles
    scale: Doubles
    has_gaps: NDArray[np.bool_]

    @classmethod
    def learn(cls, covariates: Doubles) -> Preparation:
        """Learn from (n, d) covariates with NaN where unknown."""
        known = np.isfinite(covariates)
        n_known = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, covariates, 0).sum(axis=0) / n_known
        spread = np.sqrt((np.where(known, covariates - mean, 0) ** 2).sum(axis=0) / n_known)
        return cls(mean, np.where(spread > 1e-12, spread, np.inf), np.asarray(~known.all(axis=0)))

    def apply(self, covariates: Doubles) -> Doubles:
        """Return (n, d + number of columns with gaps), finite."""
        known = np.isfinite(covariates)
        scaled = np.where(known, covariates - self.mean, 0) / self.scale
        return np.hstack([scaled, (~known[:, self.has_gaps]).astype(np.float64)])
