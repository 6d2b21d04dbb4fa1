"""95 % intervals of a difference between two arms, in closed form: nothing is drawn, so nothing needs a seed."""

from __future__ import annotations

import math

import numpy as np

from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.measuring.trial import Doubles

LEVEL = 0.95


def skewness_corrected(treated: Doubles, holdout: Doubles) -> Interval:
    """Return the interval of the difference of two means whose outcomes are skewed.

    Spend has a long tail, and a holdout is small: Welch's symmetric interval then misses the effect on one side
    three times as often as on the other. Hall's (1992) cubic transformation of the studentised difference takes its
    skewness out to first order; Zhou and Dinh (2005), *Nonparametric confidence intervals for the one- and
    two-sample problems*, T3, use it for two samples. The skewness of an outcome is one for both arms, weighted by
    their sizes: the holdout alone has too few customers to tell it.
    """
    from scipy import stats

    variances = _variances(treated, holdout)
    errors = variances[0] / len(treated), variances[1] / len(holdout)
    error = math.sqrt(errors[0] + errors[1])
    difference = float(treated.mean() - holdout.mean())
    if error == 0:
        return Interval(difference, difference)
    freedom = (errors[0] + errors[1]) ** 2 / (errors[0] ** 2 / (len(treated) - 1) + errors[1] ** 2 / (len(holdout) - 1))
    skewness = np.average([_skewness(treated), _skewness(holdout)], weights=[len(treated), len(holdout)])
    third = skewness * (variances[0] ** 1.5 / len(treated) ** 2 - variances[1] ** 1.5 / len(holdout) ** 2)
    quantile = float(stats.t.ppf((1 + LEVEL) / 2, freedom))
    high, low = (_inverse_of_hall(z, float(third) / error**3) for z in (-quantile, quantile))
    return Interval(difference - error * low, difference - error * high)


def score_interval(n_treated: int, k_treated: int, n_holdout: int, k_holdout: int) -> Interval:
    """Return Newcombe's (1998, method 10) interval of the difference of two shares, k of n.

    It holds where few or none of those held out answer, where a standard error would be 0.
    """
    treated, holdout = _wilson(k_treated, n_treated), _wilson(k_holdout, n_holdout)
    share, other = k_treated / n_treated, k_holdout / n_holdout
    difference = share - other
    return Interval(
        difference - math.hypot(share - treated.low, holdout.high - other),
        difference + math.hypot(treated.high - share, other - holdout.low),
    )


def _wilson(k: int, n: int) -> Interval:
    """Return Wilson's score interval of a share."""
    from scipy import stats

    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    centre, half = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return Interval(max((centre - half) / (n + z * z), 0.0), min((centre + half) / (n + z * z), 1.0))


def _variances(treated: Doubles, holdout: Doubles) -> tuple[float, float]:
    """Return the variances of the arms; where one does not vary (nobody bought), the greater stands for both."""
    ours, theirs = float(treated.var(ddof=1)), float(holdout.var(ddof=1))
    return (ours, theirs) if min(ours, theirs) > 0 else (max(ours, theirs), max(ours, theirs))


def _skewness(values: Doubles) -> float:
    centred = values - values.mean()
    spread = float(np.mean(centred**2))
    return float(np.mean(centred**3)) / spread**1.5 if spread > 0 else 0.0


def _inverse_of_hall(z: float, skewness: float) -> float:
    """Return t with t + a t² / 3 + a² t³ / 27 + a / 6 = z, for the skewness ``a`` of the difference."""
    if abs(skewness) < 1e-6:
        return z
    return 3 / skewness * (float(np.cbrt(1 + skewness * (z - skewness / 6))) - 1)
