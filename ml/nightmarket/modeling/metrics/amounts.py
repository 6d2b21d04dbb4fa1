"""How good forecasts of amounts are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.metrics.base import Measured


def measure_amounts(
    frame: Frame, forecast: Forecast, *, multiplicities: NDArray[np.int64], threshold: float
) -> Measured:
    """Measure expected amounts and their intervals."""
    raise NotImplementedError
