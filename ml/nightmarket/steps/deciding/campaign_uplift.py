"""What a contact is proven to bring, from campaigns that this policy dealt; or why nothing is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightmarket.decisions.exact import exact_percent
from nightmarket.decisions.targets.campaign import KnownCampaign
from nightmarket.decisions.targets.inputs import Campaign
from nightmarket.io.dealt_campaigns import HABITS, DealtCampaigns, read_dealt_campaigns, read_habits
from nightmarket.io.landing import Snapshot
from nightmarket.settings import Settings

if TYPE_CHECKING:
    from nightmarket.modeling.uplift.campaigns import CampaignUplift

COVARIATES = ("response_probability", *HABITS)
SEED = 0


@dataclass(frozen=True)
class Proof:
    """What the shop's own trials say.

    Attributes
    ----------
    estimator : None where the campaigns are no trial
    bounds : least and greatest of each covariate among those dealt, shape (2, d)
    reads : by night, the SHA-256 of the published decisions that were read
    not_used : by campaign that is over and was dealt, why it is no trial
    """

    reason: str
    estimator: CampaignUplift | None = None
    bounds: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 0)))
    reads: Mapping[str, str] = field(default_factory=dict)
    not_used: Mapping[str, str] = field(default_factory=dict)

    def settles(self, break_even: float) -> bool:
        """Return whether it is known of a contact that has to bring ``break_even`` of sales whether it pays."""
        return self.estimator is not None and self.estimator.settles(break_even)

    @property
    def note(self) -> str | None:
        """What a row says where nobody is contacted because of these trials."""
        ceiling = self.estimator.ceiling if self.estimator is not None else None
        return (
            f"by the holdouts of earlier campaigns a contact brings {ceiling:.2f} at most"
            if ceiling is not None
            else None
        )

    def describe(self, campaigns: Mapping[str, Campaign]) -> dict[str, Any]:
        """Return what the night records of it."""
        return {
            "is_proven": any(campaign.is_proven for campaign in campaigns.values()),
            "proven_for": sorted(name for name, campaign in campaigns.items() if campaign.is_proven),
            "reason": self.reason,
            "nights_read": sorted(self.reads),
            "campaigns_not_used": dict(self.not_used),
        }


def prove_uplift(
    settings: Settings, snapshot: Snapshot, campaigns: Mapping[str, KnownCampaign], *, as_of: date
) -> Proof:
    """Fit what a contact changes, from campaigns with a holdout that are over; the causal gate may refuse."""
    dealt = read_dealt_campaigns(settings, snapshot, campaigns, as_of=as_of)
    if dealt is None:
        return Proof("no campaign that was decided on before its start is over: nothing was held out to compare with")
    if dealt.rows.num_rows == 0:
        return Proof("no campaign that is over was sent as decided", reads=dealt.reads, not_used=dealt.not_used)
    from nightmarket.modeling.uplift.campaigns import CampaignRows, UpliftRefused, fit_campaign_uplift

    rows, not_used = _of_one_share(dealt)
    covariates = _covariates(rows)
    found = fit_campaign_uplift(
        CampaignRows(
            customer_ids=np.array(rows["customer_id"].to_pylist(), dtype=object),
            campaign_ids=np.array(rows["campaign_id"].to_pylist(), dtype=object),
            is_treated=rows["is_treated"].to_numpy().astype(bool),
            outcome=rows["sales"].to_numpy(),
            outcome_name="sales",
            covariates=covariates,
            covariate_names=COVARIATES,
            past_outcomes=rows["past_sales"].to_numpy(),
        ),
        seed=SEED,
        threads=settings.threads,
    )
    if isinstance(found, UpliftRefused):
        return Proof(found.reason, reads=dealt.reads, not_used=not_used)
    bounds = np.array([np.nanmin(covariates, axis=0), np.nanmax(covariates, axis=0)])
    return Proof(found.reason, found, bounds, dealt.reads, not_used)


def incremental_amounts(
    proof: Proof,
    settings: Settings,
    snapshot: Snapshot,
    *,
    probability: NDArray[np.float64],
    customer: NDArray[np.int64],
    customer_ids: Sequence[str],
    is_proven: NDArray[np.bool_],
    as_of: date,
) -> NDArray[np.float64]:
    """Return the sales that a contact alone brings, a row per pair; NaN where ``is_proven`` is False.

    A covariate outside of what was dealt is taken to be the nearest that was: nothing is known beyond it.
    """
    if proof.estimator is None or not is_proven.any():
        return np.full(len(probability), np.nan)
    habits = read_habits(settings, snapshot, as_of=as_of)
    position = {one: number for number, one in enumerate(habits["customer_id"].to_pylist())}
    rows = np.array([position.get(one, -1) for one in customer_ids], dtype=np.int64)[customer]
    known = np.column_stack([_numbers(habits[name]) for name in HABITS])
    # Who never bought spent nothing, and it is not known how long ago they came.
    never = np.array([0.0, 0.0, np.nan])
    covariates = np.column_stack([probability, np.vstack([known, never])[rows]])
    amounts = proof.estimator.predict(np.clip(covariates, *proof.bounds))
    amounts[~is_proven] = np.nan
    return amounts


def _of_one_share(dealt: DealtCampaigns) -> tuple[pa.Table, dict[str, str]]:
    """Return the rows of the holdout share that says most, and by campaign without one why it is no trial.

    Arms of several shares are not one lottery. What a lottery says grows with rows x share x (1 - share): by rows alone
    a campaign that held out a hundredth would stand in the way of one that held out a tenth.
    """
    shares, counts = np.unique(dealt.rows["holdout_share"].to_numpy(), return_counts=True)
    chosen = float(shares[np.argmax(counts * shares * (1 - shares))])
    is_kept = pc.equal(dealt.rows["holdout_share"], chosen)
    kept, others = dealt.rows.filter(is_kept), dealt.rows.filter(pc.invert(is_kept))
    used = kept["campaign_id"].unique().to_pylist()
    dropped = {
        one["campaign_id"]: f"dealt with {exact_percent(one['holdout_share'])} % held out and not with "
        f"{exact_percent(chosen)} %, by which there is most to compare: arms of several shares are not one lottery"
        for one in others.group_by(["campaign_id", "holdout_share"]).aggregate([]).to_pylist()
        if one["campaign_id"] not in used
    }
    return kept, dict(sorted({**dealt.not_used, **dropped}.items()))


def _covariates(rows: pa.Table) -> NDArray[np.float64]:
    return np.column_stack([_numbers(rows[name]) for name in COVARIATES])


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.array(column.cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype=np.float64)
