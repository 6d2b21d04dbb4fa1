"""Uplift on the shop's own campaigns, once a holdout was drawn by lot: an estimator, or the reason there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightmarket.errors import TrialUnusable
from nightmarket.modeling.uplift.gate import GateDecision, hold_causal_gate
from nightmarket.modeling.uplift.learners import LEARNERS, FittedUplift
from nightmarket.modeling.uplift.ranking import RankingDecision, decide_ranking
from nightmarket.modeling.uplift.trial import Doubles, Trial, require_enough


@dataclass(frozen=True)
class CampaignRows:
    """A row per past campaign and customer who was up for contact, aligned arrays of length n.

    Parameters
    ----------
    customer_ids, campaign_ids : (n,); a customer may stand in several campaigns and is drawn whole
    is_treated : (n,) True contacted, False held out by lot; customers left alone on purpose are no rows of it
    outcome : (n,) what the campaign is to change, over the same window in both arms: 0/1, or an amount
    outcome_name : for reasons in words
    covariates : (n, d) known before the campaign's start, NaN where unknown
    covariate_names : d names
    past_outcomes : (n,) the same outcome over as long a time before the start, or None where unknown
    """

    customer_ids: NDArray[np.object_]
    campaign_ids: NDArray[np.object_]
    is_treated: NDArray[np.bool_]
    outcome: Doubles
    outcome_name: str
    covariates: Doubles
    covariate_names: tuple[str, ...]
    past_outcomes: Doubles | None = None


@dataclass(frozen=True)
class CampaignUplift:
    """What a contact brings a customer, in the outcome's unit.

    Where ranking was declined, ``learner`` is None and every customer is expected the average effect. Where its
    interval holds 0, a campaign may be told by it only what ``settles`` allows.
    """

    gate: GateDecision
    ranking: RankingDecision
    learner: FittedUplift | None

    @property
    def reason(self) -> str:
        return self.ranking.reason

    def settles(self, break_even: float) -> bool:
        """Return whether it is known that a contact pays, or that it does not.

        A trial too small to tell an effect from 0 is no proof that there is none. Taken for one, it would end every
        later campaign, and with them the lots of which a larger trial could be made. It does say that contacts do not
        pay where even the top of its interval is below what they have to bring.

        Parameters
        ----------
        break_even : what a contact has to bring to pay for itself, in the outcome's unit; above 0
        """
        average = self.ranking.average
        return self.learner is not None or average.low > 0 or average.high < break_even

    @property
    def ceiling(self) -> float | None:
        """The most that a contact may bring on average, where nothing else is known of it; None where more is."""
        average = self.ranking.average
        return average.high if self.learner is None and average.low <= 0 else None

    def predict(self, covariates: Doubles) -> Doubles:
        """Return (n,) expected effects of (n, d) covariates, in the columns of the campaign rows.

        0 for everybody where neither a ranking nor an average other than 0 is proven.
        """
        if self.learner is not None:
            return self.learner.predict(covariates)
        average = self.ranking.average
        return np.full(len(covariates), average.effect if average.low > 0 or average.high < 0 else 0.0)


@dataclass(frozen=True)
class UpliftRefused:
    """Why no effect may be claimed; ``gate`` where it came so far."""

    reason: str
    gate: GateDecision | None = None


def fit_campaign_uplift(rows: CampaignRows, *, seed: int, threads: int = 1) -> CampaignUplift | UpliftRefused:
    """Fit what a contact changes, from campaigns with a holdout; refuse where the gate does, or nothing was held out.

    The holdout's share must be the same in all campaigns put together here, or be unrelated to the covariates: the
    gate sees who was treated, not in which campaign.
    """
    past: dict[str, Any] = {}
    if rows.past_outcomes is not None:
        past = {f"{rows.outcome_name} before the start": rows.past_outcomes}
    if rows.is_treated.all():
        return UpliftRefused("Nobody was held out of the campaigns: nothing says what would have come without them")
    try:
        trial = Trial(
            unit_ids=rows.customer_ids,
            covariates=rows.covariates,
            covariate_names=rows.covariate_names,
            treatment=rows.is_treated.astype(np.int64),
            outcome=rows.outcome,
            outcome_name=rows.outcome_name,
            placebo_outcomes=past,
        )
        require_enough(trial)
    except TrialUnusable as error:
        return UpliftRefused(str(error))
    gate = hold_causal_gate(trial, seed=seed, threads=threads)
    if not gate.accepted:
        return UpliftRefused(gate.reason, gate)
    ranking = decide_ranking(trial, seed=seed, threads=threads)
    learner = LEARNERS[ranking.learner](trial, seed, threads) if ranking.ranks else None
    return CampaignUplift(gate, ranking, learner)
