"""Buy till you die: how often a customer still comes, and what a visit is worth, from four numbers each.

BG/NBD: while "alive" a customer visits at a rate of their own (gamma over customers), and drops out
after any visit with a probability of their own (beta over customers). Fader, Hardie & Lee, "Counting
Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing Science 24 (2005).
Gamma-Gamma: the amount of a visit is gamma around a mean of the customer's own (Fader & Hardie,
"The Gamma-Gamma Model of Monetary Value", 2013). Both are fitted by maximum likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp2f1

Doubles = NDArray[np.float64]
_BOUNDS = (-7.0, 7.0)
"""Of each parameter's logarithm: beyond, the likelihood is flat and the model says nothing of its own."""


@dataclass(frozen=True)
class History:
    """What BG/NBD knows of n customers, each (n,).

    Attributes
    ----------
    repeats : visits after the first
    last : time from the first visit to the last
    known : time from the first visit to now, in the same unit
    """

    repeats: Doubles
    last: Doubles
    known: Doubles


@dataclass(frozen=True)
class BgNbd:
    """``r``, ``alpha``: shape and rate of the visiting rates; ``a``, ``b``: of the drop-out probabilities."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, history: History) -> float:
        """Return the log-likelihood of all histories together (equation 6 of the paper)."""
        return float(self._log_likelihoods(history).sum())

    def expected_visits(self, history: History, ahead: float) -> Doubles:
        """Return the visits expected in the next ``ahead`` units of time (equation 10), shape (n,).

        The Gaussian hypergeometric function is taken after Euler's transformation, which leaves it small
        parameters: in the paper's form it overflows for customers with a hundred visits.
        """
        x = history.repeats
        z = ahead / (self.alpha + history.known + ahead)
        c = self.a + self.b + x - 1
        # At a = 1 both factors vanish together; a hair beside it the ratio is exact enough.
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6
        still = (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, c, z)
        return np.asarray(np.maximum((c / (a - 1)) * (1 - still) * self.alive(history), 0), np.float64)

    def alive(self, history: History) -> Doubles:
        """Return the probability that each customer has not dropped out, shape (n,)."""
        x = history.repeats
        log_odds = (self.r + x) * np.log((self.alpha + history.known) / (self.alpha + history.last))
        dropped = np.where(x > 0, self.a / (self.b + np.maximum(x, 1) - 1) * np.exp(np.minimum(log_odds, 700)), 0)
        return np.asarray(1 / (1 + dropped), np.float64)

    def _log_likelihoods(self, history: History) -> Doubles:
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, history.repeats
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        alive = -(r + x) * np.log(alpha + history.known)
        left = np.log(a / (b + np.maximum(x, 1) - 1)) - (r + x) * np.log(alpha + history.last)
        return np.asarray(common + stays + np.where(x > 0, np.logaddexp(alive, left), alive), np.float64)


@dataclass(frozen=True)
class GammaGamma:
    """``p``: shape of a customer's amounts; ``q``, ``v``: shape and rate of the customers' own scales."""

    p: float
    q: float
    v: float

    def expected_amount(self, visits: Doubles, mean_amount: Doubles) -> Doubles:
        """Return the mean amount of a further visit: the customer's own, pulled to everybody's where visits are few.

        Parameters
        ----------
        visits : (n,) visits that ``mean_amount`` is the mean of; 0 where there are none
        mean_amount : (n,) above 0 where there are visits
        """
        q = max(self.q, 1 + 1e-6)  # below, the mean over customers is infinite
        total = np.where(visits > 0, visits * mean_amount, 0)
        return np.asarray(self.p * (self.v + total) / (self.p * visits + q - 1), np.float64)


def fit_bg_nbd(history: History) -> BgNbd:
    """Fit by maximum likelihood; the mean rate of visits sets the scale that the search starts at.

    Raises
    ------
    ValueError
        There is no customer, or none who came back: a rate cannot be told.
    """
    if not len(history.repeats) or not (history.repeats > 0).any():
        raise ValueError(
            f"Got {len(history.repeats)} customers of whom none came back but expected some who did. "
            "Give the model more history."
        )
    unit = float(history.known.sum() / history.repeats.sum())
    scaled = History(history.repeats, history.last / unit, history.known / unit)
    r, alpha, a, b = _maximise(lambda p: BgNbd(*p).log_likelihood(scaled), start=(1.0, 1.0, 0.5, 2.0))
    return BgNbd(r, alpha * unit, a, b)


def fit_gamma_gamma(visits: Doubles, mean_amount: Doubles) -> GammaGamma:
    """Fit by maximum likelihood on the customers with a visit and an amount above 0.

    Raises
    ------
    ValueError
        There is no such customer.
    """
    known = (visits > 0) & (mean_amount > 0)
    if not known.any():
        raise ValueError(
            f"Got {len(visits)} customers without an amount above 0 but expected some with one. "
            "Check the source's sales amounts."
        )
    x, unit = visits[known], float(mean_amount[known].mean())
    z = mean_amount[known] / unit

    def log_likelihood(parameters: tuple[float, ...]) -> float:
        p, q, v = parameters
        return float(
            (
                gammaln(p * x + q)
                - gammaln(p * x)
                - gammaln(q)
                + q * np.log(v)
                + (p * x - 1) * np.log(z)
                + p * x * np.log(x)
                - (p * x + q) * np.log(v + x * z)
            ).sum()
        )

    p, q, v = _maximise(log_likelihood, start=(2.0, 2.0, 1.0))
    return GammaGamma(p, q, v * unit)


def _maximise(log_likelihood: Callable[..., float], *, start: tuple[float, ...]) -> tuple[float, ...]:
    """Search over the logarithms of the parameters, all of which are positive."""
    from scipy.optimize import minimize  # a third of a second to import; scoring never needs it

    first = abs(log_likelihood(start)) or 1.0
    found = minimize(
        lambda logs: -log_likelihood(tuple(np.exp(logs).tolist())) / first,
        np.log(start),
        method="L-BFGS-B",
        bounds=[_BOUNDS] * len(start),
        options={"ftol": 1e-12, "gtol": 1e-8, "maxiter": 500},
    )
    return tuple(np.exp(found.x).tolist())
