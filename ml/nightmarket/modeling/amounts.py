"""From a raw score to an expected amount with an interval that holds 80 % of the outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Conformal:
    """To be written by the family that needs it."""

    def apply(self, raw: Doubles, frame: Frame) -> Forecast:
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Conformal:
        raise NotImplementedError


def fit_conformal(raw: Doubles, y: NDArray[Any]) -> Conformal:
    """Fit on rows that the recipe was not trained on."""
    raise NotImplementedError
