"""What every measuring returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame

LOWER_IS_BETTER = frozenset({"brier", "ece", "log_loss", "wape", "mae"})

NEITHER_IS_BETTER = frozenset({"bias", "coverage_80"})
"""Metrics with a value that is right: no gain is claimed in them."""


@dataclass(frozen=True)
class Measured:
    """Every metric, and each of them in every bootstrap draw of the customers, (n_draws,)."""

    metrics: Mapping[str, float]
    draws: Mapping[str, NDArray[np.float64]]


class Measure(Protocol):
    """Measure forecasts of the rows of a labelled frame.

    Parameters
    ----------
    multiplicities : (n_draws, n_customers); how often each of the frame's customers is drawn
    threshold : from which probability on a forecast is a yes; ignored by amounts and rankings
    """

    def __call__(
        self, frame: Frame, forecast: Forecast, *, multiplicities: NDArray[np.int64], threshold: float
    ) -> Measured: ...
