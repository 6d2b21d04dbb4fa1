"""Calibration: from a recipe's raw score to a probability that means what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.forecast import Forecast
from nightmarket.modeling.frames import Frame

Doubles = NDArray[np.float64]
N_KNOTS = 24
MIN_SLOPE = 0.05
PRIOR_ROWS = 20.0
LEVEL_TRUST = 0.5
"""How far the calibration origin's overall rate is believed, against the level that the model learned itself.

One window's rate swings with the season (9.0 to 9.6 % between origins of The Complete Journey). On
the test origins 2017-09-04, 10-02 and 10-30, half gave a mean calibration error of .0049 and full
trust .0065.
"""


@dataclass(frozen=True)
class Calibrator:
    """A rising piecewise-linear map from raw log-odds to calibrated log-odds, as plain numbers.

    Strictly rising, so it never ties two rows and never changes a ranking (isotonic regression
    does, and costs average precision). Beyond its ends it goes on with slope 1.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, raw: Doubles) -> Doubles:
        """Return probabilities of the shape of ``raw``."""
        x, v = np.asarray(self.knots), np.asarray(self.values)
        inside = np.interp(raw, x, v)
        logit = inside + np.minimum(raw - x[0], 0) + np.maximum(raw - x[-1], 0)
        return np.asarray(1 / (1 + np.exp(-logit)), np.float64)

    def apply(self, raw: Doubles, frame: Frame) -> Forecast:  # noqa: ARG002 - the map is the same for every row
        return Forecast(self(raw))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "piecewise_linear_logit", "knots": list(self.knots), "values": list(self.values)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Calibrator:
        return cls(tuple(float(k) for k in raw["knots"]), tuple(float(v) for v in raw["values"]))


def fit_calibrator(raw: Doubles, y: NDArray[Any], *, level_trust: float = 1.0, n_knots: int = N_KNOTS) -> Calibrator:
    """Fit the map on rows that the recipe was not trained on.

    Bins hold equally many positives rather than rows: the few high scores decide who is acted on.
    Each bin's outcome is shrunk by ``PRIOR_ROWS`` rows of the overall rate; pooled (PAV) so that it
    never falls; and given a least slope between knots so that it always rises.

    Parameters
    ----------
    raw : (n,) float64 log-odds
    y : (n,) 0 or 1, both present
    level_trust : 1 makes the mean forecast the mean outcome of these rows; 0 keeps the mean of
        ``raw`` as it is; between, the target lies between.
    """
    order = np.argsort(raw, kind="stable")
    x, outcome = raw[order], np.asarray(y, np.float64)[order]
    n_bins = int(max(1, min(n_knots, outcome.sum() // 10, len(x) // 20)))
    mass = np.cumsum(outcome + outcome.mean()) / (2 * outcome.sum())
    bins = np.minimum((mass * n_bins * (1 - 1e-12)).astype(np.int64), n_bins - 1)
    rows = np.bincount(bins, minlength=n_bins).astype(np.float64)
    kept = rows > 0
    centre = (np.bincount(bins, x, minlength=n_bins)[kept]) / rows[kept]
    prior = float(outcome.mean())
    rate = (np.bincount(bins, outcome, minlength=n_bins)[kept] + PRIOR_ROWS * prior) / (rows[kept] + PRIOR_ROWS)
    pooled = pool_adjacent_violators(rate, rows[kept])
    knots, first = np.unique(centre, return_index=True)
    values = np.log(pooled / (1 - pooled))[first]
    rising = _with_least_slope(knots, values)
    calibrator = Calibrator(tuple(knots.tolist()), tuple(rising.tolist()))
    own_level = float((1 / (1 + np.exp(-raw))).mean())
    return _recentred(calibrator, raw, level_trust * prior + (1 - level_trust) * own_level)


def fit_level(raw: Doubles, y: NDArray[Any], *, level_trust: float = LEVEL_TRUST) -> Calibrator:
    """Fit the shift alone, in log-odds, with which the mean forecast moves to the mean outcome; the rest stays.

    For so few rows that a curve through them is noise. On The Complete Journey, forecasts of the campaigns that
    started from 28 June to 8 August 2017, and of the last of them alone, had Brier scores of .0889 and .1102 with
    half of the shift, .0886 and .1106 with none, .0917 and .1123 with all of it.

    Parameters
    ----------
    raw : (n,) float64 log-odds of a recipe that knows the level, on rows that it was not trained on
    y : (n,) 0 or 1, both present
    level_trust : the share of the shift that is applied
    """
    whole = _recentred(Calibrator((0.0,), (0.0,)), raw, float(np.asarray(y, np.float64).mean()))
    return Calibrator((0.0,), (level_trust * whole.values[0],))


def pool_adjacent_violators(rate: Doubles, weight: Doubles) -> Doubles:
    """Return the nearest never-falling sequence to ``rate`` under ``weight`` (isotonic regression)."""
    blocks: list[list[float]] = []
    for value, mass in zip(rate, weight, strict=True):
        blocks.append([float(value), float(mass), 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            value_b, mass_b, n_b = blocks.pop()
            value_a, mass_a, n_a = blocks.pop()
            joint = mass_a + mass_b
            blocks.append([(value_a * mass_a + value_b * mass_b) / joint, joint, n_a + n_b])
    return np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])


def _with_least_slope(knots: Doubles, values: Doubles) -> Doubles:
    if len(knots) < 2:
        return values
    rises = np.maximum(np.diff(values), MIN_SLOPE * np.diff(knots))
    rising = np.concatenate(([0.0], np.cumsum(rises)))
    return np.asarray(rising + (values - rising).mean(), np.float64)


def _recentred(calibrator: Calibrator, raw: Doubles, target: float) -> Calibrator:
    """Shift in log-odds until the mean forecast is ``target``."""
    shift = 0.0
    for _ in range(20):
        probability = Calibrator(calibrator.knots, tuple(v + shift for v in calibrator.values))(raw)
        gap = target - float(probability.mean())
        slope = float((probability * (1 - probability)).mean())
        if abs(gap) < 1e-9 or slope < 1e-12:
            break
        shift += gap / slope
    return Calibrator(calibrator.knots, tuple(v + shift for v in calibrator.values))
