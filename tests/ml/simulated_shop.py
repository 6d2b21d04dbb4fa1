"""An invented shop whose campaigns have effects that are known: what measuring and targeting are held against.

Spend is lognormal and many customers spend nothing, as in real shops. A quarter of the customers are *persuadable*
(a contact makes one in ten of them answer), a quarter are *sure* to answer anyway as often as anybody (a contact
changes nothing), half are out of reach. So the mean effects are known to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.targets.campaign import Terms
from nightmarket.decisions.targets.inputs import Campaign, Candidates
from nightmarket.decisions.targets.policy import Choice, choose_targets
from nightmarket.decisions.targets.stock import Offer
from nightmarket.modeling.bootstrap import Interval
from nightmarket.modeling.measuring.effects import measure_effects
from nightmarket.modeling.measuring.trial import Trial
from nightmarket.modeling.uplift import trial as uplift
from nightmarket.modeling.uplift.learners import LEARNERS, fit_response

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


NIGHT, COST, MARGIN_PCT = date(2024, 6, 1), 0.5, 40.0


def decide(
    customers: Customers,
    *,
    salt: str,
    probability: NDArray[np.float64] | None = None,
    incremental_amount: NDArray[np.float64] | None = None,
    budget_amount: float | None = None,
    holdout_share: float = 0.1,
) -> Choice:
    """Let the night's own policy deal a campaign; without a probability everybody is worth a contact."""
    n = len(customers.customer_ids)
    candidates = Candidates(
        campaign_ids=("spring",),
        customer_ids=tuple(customers.customer_ids),
        campaign=np.zeros(n, np.int64),
        customer=np.arange(n, dtype=np.int64),
        probability=np.full(n, 0.5) if probability is None else probability,
        incremental_amount=np.full(n, np.nan) if incremental_amount is None else incremental_amount,
        contacted_on=np.full(n, np.datetime64("NaT"), "datetime64[D]"),
        n_recent_contacts=np.zeros(n, np.int64),
    )
    terms = Terms(budget_amount, COST, MEAN_BASKET, MARGIN_PCT, holdout_share, ())
    campaign = Campaign(
        "spring", NIGHT, False, terms, Offer(1.0, 1.0, 0.0, None, ""), 0, incremental_amount is not None
    )
    return choose_targets(candidates, {"spring": campaign}, as_of=NIGHT, contact_cap=2, salt=salt)


@dataclass(frozen=True)
class Covered:
    """What became of the intervals of many campaigns: how often they held the truth, how wide and how far off."""

    coverage: float
    mean_width: float
    mean_error: float


def cover(
    *, n_runs: int, n_customers: int, holdout_share: float = 0.1, seed: int = 0
) -> dict[tuple[str, bool], Covered]:
    """Run ``n_runs`` campaigns, each of a shop of its own dealt by the policy; return by measure and whether adjusted.

    The truth is the effect in the population that the shops are drawn from, which is stricter than that of each shop.
    """
    truth = {"response": RESPONSE_EFFECT, "revenue": REVENUE_EFFECT}
    seen: dict[tuple[str, bool], list[tuple[Interval, float]]] = {}
    for run in range(seed, seed + n_runs):
        customers = draw_customers(n_customers, seed=run)
        choice = decide(customers, salt=f"salt {run}", holdout_share=holdout_share)
        trial = run_campaign(customers, choice.is_contacted)
        for is_adjusted in (True, False):
            for effect in measure_effects(trial, is_adjusted=is_adjusted):
                seen.setdefault((effect.measure, is_adjusted), []).append((effect.interval, effect.effect))
    return {
        (measure, is_adjusted): Covered(
            float(np.mean([one.low <= truth[measure] <= one.high for one, _ in found])),
            float(np.mean([one.high - one.low for one, _ in found])),
            float(np.mean([effect for _, effect in found]) - truth[measure]),
        )
        for (measure, is_adjusted), found in seen.items()
    }


def earn(*, seed: int, learner: str, n_customers: int = 6000, budget_share: float = 0.2) -> dict[str, float]:
    """Return what a budgeted second wave truly earns when it is targeted by uplift, by propensity and at random.

    A first wave, half of it held out, teaches both models. The second wave goes to as many new customers, by the
    night's policy, with a budget for ``budget_share`` of them. Earned is the margin on what the contacts truly add,
    less what they cost.
    """
    first, second = draw_customers(n_customers, seed=seed), draw_customers(n_customers, seed=seed + 100_000)
    seen = run_campaign(first, decide(first, salt=f"first {seed}", holdout_share=0.5).is_contacted)
    assert seen.responded is not None
    lesson = uplift.Trial(
        unit_ids=np.array(first.customer_ids, dtype=object),
        covariates=first.features,
        covariate_names=("taste_1", "taste_2", "spend", "visits"),
        treatment=seen.is_treated.astype(np.int64),
        outcome=seen.responded.astype(np.float64),
    )
    propensity = fit_response(lesson, seed, 1).predict(second.features)
    gain = LEARNERS[learner](lesson, seed, 1).predict(second.features)
    budget = budget_share * n_customers * COST
    chosen = {
        "uplift": decide(second, salt="second", incremental_amount=gain * MEAN_BASKET, budget_amount=budget),
        "propensity": decide(second, salt="second", probability=np.clip(propensity, 0, 1), budget_amount=budget),
        "random": decide(second, salt="second", budget_amount=budget),
    }
    worth = UPLIFT[second.kind] * MEAN_BASKET * MARGIN_PCT / 100 - COST
    return {name: float(worth[choice.is_contacted].sum()) for name, choice in chosen.items()}
