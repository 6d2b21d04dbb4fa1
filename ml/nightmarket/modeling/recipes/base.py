"""The one protocol behind every recipe: fit on origins, score a frame, say why, save and load plain files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]


class FittedModel(Protocol):
    """A recipe after its fit. ``features`` are the columns it reads, in its own order."""

    @property
    def recipe(self) -> str: ...

    @property
    def features(self) -> tuple[str, ...]: ...

    @property
    def knows_level(self) -> bool:
        """True where raw scores are log-odds at the level of the training origins, not only a ranking."""
        ...

    def raw_scores(self, frame: Frame) -> Doubles:
        """Return log-odds (up to calibration) of every row, shape (n,)."""
        ...

    def contributions(self, frame: Frame, rows: NDArray[np.int64], group: NDArray[np.int64]) -> tuple[Doubles, float]:
        """Return what each group of features adds to the raw score of ``rows``, and the base it is added to.

        Parameters
        ----------
        rows : (m,) positions in ``frame``
        group : (len(features),) group of each feature, 0 to G-1

        Returns
        -------
        (m, G) contributions and the base: their sum is the raw score.
        """
        ...

    def importance(self) -> dict[str, float]:
        """Return how much each feature matters, in units of the recipe; larger is more."""
        ...

    def save(self, folder: Path) -> tuple[str, ...]:
        """Write the model's files and return their names."""
        ...


class Recipe(Protocol):
    """A way to make a model. Stateless: everything learned is in the fitted model."""

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> dict[str, Any]:
        """What is set, not learned: recorded with the run."""
        ...

    def fit(self, frames: Sequence[Frame], *, features: Sequence[str], seed: int, threads: int) -> FittedModel:
        """Fit on labelled frames, one per origin."""
        ...

    def load(self, folder: Path, *, threads: int) -> FittedModel:
        """Read what ``save`` wrote; the caller has verified the hashes."""
        ...
