"""What a head says of its rows, and how raw scores become it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """Probabilities, or expected amounts with an interval that holds 80 % of the outcomes; each (n,)."""

    value: Doubles
    low: Doubles | None = None
    high: Doubles | None = None


class Calibration(Protocol):
    """The map from a recipe's raw scores to what is published; plain numbers, stored as JSON."""

    def apply(self, raw: Doubles, frame: Frame) -> Forecast: ...

    def to_json(self) -> dict[str, Any]: ...
