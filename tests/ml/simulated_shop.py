"""An invented shop whose campaigns have effects that are known: what measuring and targeting are held against.

Spend is lognormal and many customers spend nothing, as in real shops. A quarter of the customers are *persuadable*
(a contact makes one in ten of them answer), a quarter are *sure* to answer anyway as often as anybody (a contact
changes nothing), half are out of reach. So the mean effects are known to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightmarket.modeling.measuring.trial import Trial

SHARES = (0.25, 0.25, 0.5)
"""Persuadable, sure, out of reach."""
ANSWERS_ANYWAY = np.array([0.03, 0.25, 0.02])
UPLIFT = np.array([0.10, 0.0, 0.0])
MEAN_BASKET = float(np.exp(3 + 0.8**2 / 2))
"""Of an answer, in the shop's currency: lognormal, independent of the customer."""

RESPONSE_EFFECT = float(np.dot(SHARES, UPLIFT))
REVENUE_EFFECT = RESPONSE_EFFECT * MEAN_BASKET
"""True effects per customer in the population from which the shops are drawn."""


@dataclass(frozen=True)
class Customers:
    """Customers of one drawn shop; every array has one entry per customer.

    Attributes
    ----------
    kind : position in ``SHARES``; nobody who decides knows it
    taste : what a model may know of the kind: two noisy measurements of it, shape (n, 2)
    spend, visits : of the 56 days before the campaign
    answers_held_out, answers_contacted : what the customer would do in either arm
    revenue_held_out, revenue_contacted : what the customer would spend
    """

    customer_ids: list[str]
    kind: NDArray[np.int64]
    taste: NDArray[np.float64]
    spend: NDArray[np.float64]
    visits: NDArray[np.float64]
    answers_held_out: NDArray[np.bool_]
    answers_contacted: NDArray[np.bool_]
    revenue_held_out: NDArray[np.float64]
    revenue_contacted: NDArray[np.float64]

    @property
    def features(self) -> NDArray[np.float64]:
        """What a model may read, shape (n, 4)."""
        return np.column_stack([self.taste, np.log1p(self.spend), self.visits])


def draw_customers(n: int, *, seed: int) -> Customers:
    """Draw a shop of ``n`` customers and what each would do in either arm of one campaign."""
    random = np.random.default_rng(seed)
    kind = random.choice(3, n, p=SHARES)
    is_active = random.random(n) < 0.8
    weekly = np.where(is_active, np.exp(random.normal(2.6, 1.0, n)), 0.0)
    visits = random.poisson(np.where(is_active, 8 * np.minimum(0.25 * (weekly + 1) ** 0.4, 6), 0.4)).astype(np.float64)
    spend = np.where(visits > 0, 8 * weekly * np.exp(random.normal(0, 0.5, n)), 0.0)
    buys = random.random(n) < np.where(is_active, 0.85, 0.05)
    usual = np.where(buys, 4 * weekly * np.exp(random.normal(0, 0.7, n)), 0.0)
    basket = random.lognormal(3, 0.8, n)
    luck = random.random(n)
    anyway, contacted = luck < ANSWERS_ANYWAY[kind], luck < (ANSWERS_ANYWAY + UPLIFT)[kind]
    taste = np.eye(3)[kind][:, :2] + random.normal(0, 0.5, (n, 2))
    return Customers(
        customer_ids=[f"c{i:05d}" for i in range(n)],
        kind=kind,
        taste=taste,
        spend=spend,
        visits=visits,
        answers_held_out=anyway,
        answers_contacted=contacted,
        revenue_held_out=usual + anyway * basket,
        revenue_contacted=usual + contacted * basket,
    )


def run_campaign(customers: Customers, is_treated: NDArray[np.bool_]) -> Trial:
    """Return what is seen of the campaign: each customer in the arm that it was dealt."""
    return Trial(
        is_treated=is_treated,
        responded=np.where(is_treated, customers.answers_contacted, customers.answers_held_out),
        revenue=np.where(is_treated, customers.revenue_contacted, customers.revenue_held_out),
        covariates=np.column_stack([customers.spend, customers.visits]),
    )
