"""``nightmarket measure campaign``: what a campaign brought, against those held out of it by lot."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from nightmarket.clock import STEP_DAYS
from nightmarket.errors import CampaignNotMeasurable, NothingPublished, StepMissing
from nightmarket.io.campaign_results import RunCampaign, open_campaigns, read_ended, read_run_campaign
from nightmarket.io.landing import read_snapshot
from nightmarket.io.night import Night
from nightmarket.io.serving import RESULTS_SCHEMA, first_measured_on, publish_results
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.modeling.measuring.effects import Effect, measure_effects
from nightmarket.modeling.measuring.result import describe_compliance, describe_effect, describe_split
from nightmarket.modeling.measuring.split import Split, compare_with_plan
from nightmarket.modeling.measuring.trial import validate_sizes
from nightmarket.settings import Settings
from nightmarket.steps import StepResult

TARGETS = "decisions.campaign_targets"


@dataclass(frozen=True)
class NotMeasured:
    """A campaign that is over and cannot be measured: why, and what to deliver or to do next time."""

    end_date: date
    reason: str

    def describe(self) -> dict[str, str]:
        """Return it as the night records it."""
        return {"end_date": self.end_date.isoformat(), "reason": self.reason}


@dataclass(frozen=True)
class ClosedCampaigns:
    """What a night measured of campaigns that are over: rows of ``ops.campaign_results``, and by campaign why none."""

    results: pa.Table
    not_measured: dict[str, NotMeasured] = field(default_factory=dict)


def run(settings: Settings, *, campaign: str, as_of: date | None = None) -> StepResult:
    """Measure ``campaign`` as known at ``as_of``, print it, and put it into ``ops.campaign_results``.

    Parameters
    ----------
    as_of : a night that was landed; default: the newest

    Raises
    ------
    CampaignNotMeasurable
        The campaign is not known, not over, without a holdout, without contacts, or too small.
    StepMissing
        No such night was landed.
    NothingPublished
        No night was published yet, so nobody was dealt.
    """
    night = _find_night(settings, as_of)
    snapshot = read_snapshot(settings, night.snapshot_id)
    catalog = read_served_catalog(settings)
    with open_campaigns(settings, snapshot, catalog, as_of=night.as_of_date) as connection:
        run_campaign = read_run_campaign(connection, snapshot, campaign, as_of=night.as_of_date)
    split, effects = measure(run_campaign)
    print(_describe(run_campaign, split, effects), file=sys.stderr)
    rows = _rows(run_campaign, night.as_of_date, split, effects)
    generation = publish_results(settings, as_of=night.as_of_date, results=rows)
    return StepResult(
        rows=rows.num_rows,
        detail={
            "campaign_id": campaign,
            "as_of_date": night.as_of_date.isoformat(),
            "snapshot_id": night.snapshot_id,
            "generation": generation,
            "results": {row["measure"]: row for row in rows.to_pylist()},
        },
    )


def measure(campaign: RunCampaign) -> tuple[Split, list[Effect]]:
    """Return how the lots fell and what the campaign changed.

    Raises
    ------
    CampaignNotMeasurable
        An arm is too small for its intervals to hold.
    """
    validate_sizes(campaign.trial, campaign.campaign_id)
    return compare_with_plan(campaign.trial, campaign.planned_shares), measure_effects(campaign.trial)


def measure_closed_campaigns(settings: Settings, night: Night) -> ClosedCampaigns:
    """Return what the night measures of campaigns that are over, and which it cannot measure.

    Those that ended in the 28 days before it, as late orders still arrive, and older ones that no earlier night
    measured. What cannot be measured is left out, named with its reason and said on stderr: it is no reason to withhold
    a night.

    Raises
    ------
    SnapshotMissing
        The night's snapshot is gone.
    """
    nothing = ClosedCampaigns(RESULTS_SCHEMA.empty_table())
    try:
        catalog = read_served_catalog(settings)
    except NothingPublished:
        return nothing
    as_of = night.as_of_date
    if not any(decided < as_of for decided in catalog.tables.get(TARGETS, {})):
        return nothing
    snapshot = read_snapshot(settings, night.snapshot_id)
    measured_on = first_measured_on(settings, catalog, before=as_of)
    tables, not_measured = [nothing.results], {}
    with open_campaigns(settings, snapshot, catalog, as_of=as_of) as connection:
        for name, end_date in read_ended(connection, as_of=as_of).items():
            if name in measured_on and end_date < as_of - timedelta(days=STEP_DAYS):
                continue
            try:
                campaign = read_run_campaign(connection, snapshot, name, as_of=as_of)
                tables.append(_rows(campaign, as_of, *measure(campaign)))
            except CampaignNotMeasurable as refused:
                not_measured[name] = NotMeasured(end_date, refused.plain)
                print(f"not measured: {refused}", file=sys.stderr)
    return ClosedCampaigns(pa.concat_tables(tables), not_measured)


def _find_night(settings: Settings, as_of: date | None) -> Night:
    """Return the night of ``as_of``, or the newest, on the snapshot landed last for it."""
    landed = sorted(
        (date.fromisoformat(path.parent.parent.name), path.stat().st_mtime_ns, path.parent.name)
        for path in settings.nights_dir.glob("*/*/land.json")
    )
    of_night = [one for one in landed if as_of in (None, one[0])]
    if not of_night:
        raise StepMissing(
            f"Got {f'the night {as_of}' if as_of else 'no night'} but expected one that was landed; "
            f"{f'the newest is {landed[-1][0]}' if landed else 'there is none'}. Run `make nightly"
            f"{f' AS_OF={as_of}' if as_of else ''}` or `nightmarket land` first."
        )
    day, _, snapshot_id = of_night[-1]
    return Night(settings, day, snapshot_id)


def _rows(campaign: RunCampaign, as_of: date, split: Split, effects: list[Effect]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "campaign_id": campaign.campaign_id,
                "measure": effect.measure,
                "as_of_date": as_of,
                "start_date": campaign.start_date,
                "end_date": campaign.end_date,
                "n_treated": effect.n_treated,
                "n_holdout": effect.n_holdout,
                "n_treated_contacted": campaign.compliance.n_treated_contacted,
                "n_holdout_contacted": campaign.compliance.n_holdout_contacted,
                "treated_mean": effect.treated_mean,
                "holdout_mean": effect.holdout_mean,
                "effect": effect.effect,
                "effect_low": effect.interval.low,
                "effect_high": effect.interval.high,
                "total_effect": effect.total_effect,
                "cost_amount": campaign.cost_amount,
                "cuped_theta": effect.theta,
                "variance_reduction_pct": effect.variance_reduction_pct,
                "split_p_value": split.p_value,
                "is_significant": effect.is_significant(split, campaign.compliance),
                "verdict": effect.verdict(split, campaign.compliance),
            }
            for effect in effects
        ],
        RESULTS_SCHEMA,
    )


def _describe(campaign: RunCampaign, split: Split, effects: list[Effect]) -> str:
    trial = campaign.trial
    nights = ", ".join(str(night) for night in campaign.nights)
    lines = [
        f"Campaign {campaign.campaign_id}, {campaign.start_date} to {campaign.end_date}: {trial.n_treated} customers "
        f"to be contacted against {trial.n_holdout} held out by lot, "
        f"as the list of {nights} dealt them",
        *(describe_effect(effect, split, campaign.compliance) for effect in effects),
        describe_split(split, len(trial.is_treated)),
        describe_compliance(campaign.compliance, campaign.cost_amount),
    ]
    return "\n  ".join(lines)
