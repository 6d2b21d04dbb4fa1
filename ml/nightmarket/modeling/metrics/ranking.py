"""How good each customer's ranked list is. Rows of a frame are candidates; customers count alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.base import Measured


def measure_ranking(
    frame: Frame, forecast: Forecast, *, multiplicities: NDArray[np.int64], threshold: float
) -> Measured:
    """Measure the ranking of every customer's rows."""
    raise NotImplementedError
