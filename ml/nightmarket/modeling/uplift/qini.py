"""Qini curve, normalised Qini coefficient and AUUC, with bootstrap intervals over units.

The curve after Radcliffe (2007), "Using control groups to target on predicted lift"; the coefficient in the sense of
scikit-uplift: the area between the curve and the random line, over the same area of the perfect ranking's curve.
Figures of other normalisations differ by orders of magnitude and are not comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightmarket.modeling.uplift.trial import Doubles, Ints, Trial, unit_positions

N_DRAWS = 200
_CHUNK = 20
"""Draws at once: 20 draws of 64,000 units are 10 MB an array."""


@dataclass(frozen=True)
class Curve:
    """Share of units treated first (m,), from 0 to 1, and what that brings, (m,), in outcomes of treated units.

    Units of one score come at once: a tie has no order, so no point lies inside it.
    """

    share: Doubles
    gain: Doubles


def qini_curve(trial: Trial, scores: Doubles) -> Curve:
    """Return outcomes of the treated among the best-scored, less those of as many controls.

    gain(k) = Y_treated(k) - Y_control(k) * N_treated(k) / N_control(k); 0 controls count as no outcome.
    """
    order, ends = _rank(scores)
    n, gain = _walk(trial, order, ends, np.ones((1, len(trial))))
    return Curve(np.r_[0, n[0] / n[0, -1]], np.r_[0, gain[0]])


def qini_coefficient(trial: Trial, scores: Doubles) -> float:
    """Return the normalised Qini coefficient: 1 the perfect ranking, 0 the random one, below 0 a harmful one."""
    return float(_coefficients(trial, [scores], np.ones((1, len(trial))))[0, 0])


def auuc(trial: Trial, scores: Doubles) -> float:
    """Return the area under the uplift curve: what a unit brings on average when a random share is treated first.

    The curve is (mean of treated - mean of controls among the best-scored share) x that share, in outcomes per unit;
    random ranking brings half the average effect. After Gutierrez and Gérardy (2016), not normalised.
    """
    order, ends = _rank(scores)
    n, n_treated, y_treated, y_control = _sums(trial, order, ends, np.ones((1, len(trial))))
    lift = _ratio(y_treated, n_treated) - _ratio(y_control, n - n_treated)
    share = n[0] / n[0, -1]
    return float(np.trapezoid(np.r_[0, (lift * share)[0]], np.r_[0, share]))


def draw_qini(trial: Trial, scores: Sequence[Doubles], *, seed: int, n_draws: int = N_DRAWS) -> Doubles:
    """Return (number of scores, n_draws) coefficients of bootstrap draws of units; the same draws for all scores."""
    positions, n_units = unit_positions(trial.unit_ids)
    generator = np.random.default_rng(seed)
    found = []
    for start in range(0, n_draws, _CHUNK):
        size = min(_CHUNK, n_draws - start)
        drawn = generator.integers(0, n_units, (size, n_units))
        times = np.stack([np.bincount(one, minlength=n_units) for one in drawn]).astype(np.float64)
        found.append(_coefficients(trial, scores, times[:, positions]))
    return np.hstack(found)


def _coefficients(trial: Trial, scores: Sequence[Doubles], weights: Doubles) -> Doubles:
    """Return (number of scores, draws); NaN where even the perfect ranking gains nothing over random."""
    # Treated units with the largest outcomes first, controls with the largest last: no ranking gains more.
    perfect = _area(trial, trial.outcome * np.where(trial.treatment == 1, 1.0, -1.0), weights)
    areas = np.stack([_area(trial, one, weights) for one in scores])
    coefficients: Doubles = np.divide(areas, perfect, out=np.full(areas.shape, np.nan), where=perfect > 0)
    return coefficients


def _area(trial: Trial, scores: Doubles, weights: Doubles) -> Doubles:
    """Return (draws,) areas between the curve and the random line."""
    order, ends = _rank(scores)
    n, gain = _walk(trial, order, ends, weights)
    n, gain = (np.hstack([np.zeros((len(weights), 1)), one]) for one in (n, gain))
    area: Doubles = np.trapezoid(gain, n, axis=1) - n[:, -1] * gain[:, -1] / 2
    return area


def _rank(scores: Doubles) -> tuple[Ints, Ints]:
    """Return the order from best to worst, and the position of the last unit of each distinct score."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    return order, np.r_[np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1]


def _walk(trial: Trial, order: Ints, ends: Ints, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return units and gain up to each end, both (draws, ends)."""
    n, n_treated, y_treated, y_control = _sums(trial, order, ends, weights)
    return n, y_treated - y_control * _ratio(n_treated, n - n_treated)


def _sums(trial: Trial, order: Ints, ends: Ints, weights: Doubles) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    treated = trial.treatment[order].astype(np.float64)
    outcome = trial.outcome[order]
    drawn = weights[:, order]
    n, n_treated, y_treated, y_control = (
        np.cumsum(drawn * values, axis=1)[:, ends]
        for values in (np.ones(len(order)), treated, outcome * treated, outcome * (1 - treated))
    )
    return n, n_treated, y_treated, y_control


def _ratio(over: Doubles, under: Doubles) -> Doubles:
    ratio: Doubles = np.divide(over, under, out=np.zeros(over.shape), where=under > 0)
    return ratio
