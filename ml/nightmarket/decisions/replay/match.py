"""The plan at the average stock of another policy: only then do lost units compare. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.replay.simulate import Played

Floats = NDArray[np.float64]

N_STEPS = 10
_LEAST_RISK, _MOST_RISK = 0.02, 12.0


def scaled_risk(service_level: Floats, factor: float) -> Floats:
    """Return levels whose risk of running out is ``factor`` times as high, from .3 to .999."""
    return np.clip(1 - (1 - service_level) * factor, 0.3, 0.999)


def match_stock(play_at: Callable[[float], Played], mean_stock: float) -> tuple[float, Played]:
    """Return the risk factor at which the plan holds the most stock that is no more than ``mean_stock``, and the play.

    Bisection on the logarithm: stock falls as more risk is taken. Where even the most risk holds more, that is
    returned, and the caller sees it by the stock.
    """
    low, high = np.log(_LEAST_RISK), np.log(_MOST_RISK)
    best = (_MOST_RISK, play_at(_MOST_RISK))
    for _ in range(N_STEPS):
        middle = (low + high) / 2
        played = play_at(float(np.exp(middle)))
        if played.mean_stock.sum() <= mean_stock:
            best, high = (float(np.exp(middle)), played), middle
        else:
            low = middle
    return best
