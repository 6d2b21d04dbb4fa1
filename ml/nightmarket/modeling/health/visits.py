"""When a customer comes next, from the rhythm of their own visits: a renewal process.

The days between a customer's visits are taken as gamma distributed, with the mean and the spread of
their own intervals, both pulled towards everybody's where there are few. Given that they have been
absent for so many days, the distribution says how many more to expect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

Doubles = NDArray[np.float64]
PRIOR_INTERVALS = 4.0
"""Everybody's rhythm counts as much as this many of the customer's own intervals."""
_LEAST_SURVIVAL = 1e-9
_SHAPES = (0.3, 30.0)
"""Below, half of all intervals are instantaneous; above, a visit is an appointment."""


@dataclass(frozen=True)
class Rhythm:
    """What is everybody's: the mean of the days between visits, and their spread as a share of it."""

    mean_days: float
    variation: float

    def expected_days(self, *, n_intervals: Doubles, mean: Doubles, sd: Doubles, absent: Doubles, most: int) -> Doubles:
        """Return the days to the next visit, at most ``most``, expected after ``absent`` days, shape (n,).

        Parameters
        ----------
        n_intervals : (n,) intervals that ``mean`` and ``sd`` were taken over; those of 0 are ignored
        mean, sd, absent : (n,) days
        """
        trust = n_intervals / (n_intervals + PRIOR_INTERVALS)
        own = n_intervals > 0
        centre = np.where(own, np.exp(trust * np.log(np.where(own, np.maximum(mean, 1), 1))), 1)
        centre = centre * self.mean_days ** (1 - trust)
        variation = trust * np.where(own, sd / np.maximum(mean, 1), 0) + (1 - trust) * self.variation
        shape = np.clip(1 / np.maximum(variation, 0.1) ** 2, *_SHAPES)[:, np.newaxis]
        ahead = absent[:, np.newaxis] + np.arange(most + 1)
        survival = gammaincc(shape, ahead * shape / centre[:, np.newaxis])
        staying = survival[:, 1:].sum(axis=1) / np.maximum(survival[:, 0], _LEAST_SURVIVAL)
        # Absent for longer than the rhythm can explain: nothing speaks for a return.
        return np.asarray(np.where(survival[:, 0] > _LEAST_SURVIVAL, np.minimum(staying, most), most), np.float64)


def fit_rhythm(*, n_intervals: Doubles, mean: Doubles, sd: Doubles) -> Rhythm:
    """Take everybody's rhythm as the median customer's; of customers without an interval nothing is learned."""
    known = n_intervals > 0
    if not known.any():
        return Rhythm(28.0, 1.0)
    means = np.maximum(mean[known], 1)
    return Rhythm(float(np.median(means)), float(np.clip(np.median(sd[known] / means), 0.1, 3)))
