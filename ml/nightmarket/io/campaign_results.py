"""What became of those whom a campaign was dealt to: the published lots, joined with what the shop then saw.

Read from the published files of ``decisions.campaign_targets`` and the landed files of a snapshot; both are immutable,
so no lock is needed and the same night measures the same for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from nightmarket.decisions.targets.table import CONTACT, HOLD_OUT, TABLE
from nightmarket.errors import CampaignNotMeasurable
from nightmarket.io.landing import Snapshot
from nightmarket.io.sent_lists import find_sent_nights
from nightmarket.io.serving import Catalog
from nightmarket.io.warehouse import open_snapshot
from nightmarket.modeling.measuring.compliance import Compliance
from nightmarket.modeling.measuring.trial import Doubles, Trial
from nightmarket.settings import Settings
from nightmarket.sqltext import literal

COVARIATE_DAYS = 56
"""Days before a customer was dealt of which spend and visits foretell what comes."""


@dataclass(frozen=True)
class RunCampaign:
    """One campaign that is over, and all that measuring needs of it.

    Attributes
    ----------
    nights : those whose lists were sent, which dealt the arms
    planned_shares : probability with which each customer of the trial could be held out, shape (n,)
    compliance : how many of either arm have a contact
    cost_amount : of the contacts that were made of those chosen, each as decided; of all chosen where none are recorded
    """

    campaign_id: str
    start_date: date
    end_date: date
    trial: Trial
    nights: tuple[date, ...]
    planned_shares: Doubles
    compliance: Compliance
    cost_amount: float


@contextlib.contextmanager
def open_campaigns(
    settings: Settings, snapshot: Snapshot, catalog: Catalog, *, as_of: date
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what was known at ``as_of`` of campaigns, contacts, responses and orders, and what was decided before it."""
    decided = [
        literal(str(settings.serving_dir / file.path))
        for night, file in sorted(catalog.tables.get(TABLE.name, {}).items())
        if night < as_of
    ]
    nothing = ", ".join(f"cast(null as {column.type}) as {column.name}" for column in TABLE.columns)
    files = f"select * from read_parquet([{', '.join(decided)}], hive_partitioning = false, union_by_name = true)"
    with open_snapshot(settings, snapshot) as connection:
        connection.execute(f"create view decided as {files if decided else f'select {nothing} where false'}")
        connection.execute(_KNOWN.format(as_of=f"date '{as_of}'", late_days=settings.late_lookback_days))
        yield connection


def read_ended(connection: duckdb.DuckDBPyConnection, *, as_of: date) -> dict[str, date]:
    """Return the last day of every campaign that had ended before ``as_of`` and somebody was held out of, by id."""
    return dict(
        connection.execute(
            "select campaign_id, end_date from campaigns where end_date < ? and campaign_id in "
            "(select campaign_id from decided where decision = ?) order by campaign_id",
            [as_of, HOLD_OUT],
        ).fetchall()
    )


def read_run_campaign(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, campaign_id: str, *, as_of: date
) -> RunCampaign:
    """Return who was dealt which arm of a campaign, and what came of it by ``as_of``.

    The arms are those of the lists that were sent (:mod:`nightmarket.io.sent_lists`), and of several the first that has
    the customer: later ones know what the campaign did. A customer contacted before that was dealt no lot and is left
    out.

    Raises
    ------
    CampaignNotMeasurable
        The campaign is not known, not over, without a holdout, or nobody of it was contacted.
    """
    start_date, end_date = _dates(connection, snapshot, campaign_id, as_of)
    nights = find_sent_nights(connection, campaign_id, start_date=start_date, until=end_date)
    connection.execute(
        _DEALT,
        {"campaign": campaign_id, "start": start_date, "nights": nights, "contact": CONTACT, "hold_out": HOLD_OUT},
    )
    rows = connection.execute(_OUTCOMES, {"campaign": campaign_id, "end": end_date}).to_arrow_table()
    found: dict[str, Any] = {name: rows[name].to_numpy() for name in rows.column_names if name != "customer_id"}
    is_treated = found["is_treated"].astype(bool)
    if not (~is_treated).any() or not is_treated.any():
        raise CampaignNotMeasurable(
            f"Got campaign {campaign_id!r} with {len(is_treated)} customers dealt by {TABLE.name}, of whom "
            f"{np.count_nonzero(~is_treated)} held out, but expected some contacted and some held out by lot: nothing "
            "else says what would have happened without it. Campaigns that a published night decides on are dealt.",
            plain="the list that was sent has nobody to be contacted against somebody held out by lot, and nothing "
            "else says what would have happened without it. Publish a night that decides on the next campaign before "
            "it starts, with a holdout.",
        )
    is_contacted = found["is_contacted"].astype(bool)
    are_kept = snapshot.tables["campaign_contacts"].provided
    is_paid = is_treated & is_contacted if are_kept else is_treated
    if are_kept and not is_contacted[is_treated].any():
        if n_late := _count_late(connection, campaign_id, end_date):
            raise CampaignNotMeasurable(
                f"Got campaign {campaign_id!r} with {n_late} of the {np.count_nonzero(is_treated)} customers that it "
                f"was decided to contact contacted after its end on {end_date}, and none before, but expected some up "
                "to that day. Deliver the days on which they were contacted, or the true end of the campaign; contacts "
                "after it change nothing of what is measured.",
                plain=f"every contact is dated after its end on {end_date}. Deliver the days on which customers were "
                "contacted, or the true end of the campaign.",
            )
        raise CampaignNotMeasurable(
            f"Got campaign {campaign_id!r} without a contact of the {np.count_nonzero(is_treated)} customers that it "
            f"was decided to contact, but expected some in campaign_contacts that arrived before {as_of}. Deliver "
            "them; a campaign that was not sent has nothing to measure.",
            plain="no contact came back of those who were to be contacted. Deliver them in campaign_contacts; of a "
            "campaign that was not sent there is nothing to measure.",
        )
    return RunCampaign(
        campaign_id=campaign_id,
        start_date=start_date,
        end_date=end_date,
        trial=Trial(
            is_treated=is_treated,
            responded=found["responded"].astype(bool) if snapshot.tables["campaign_responses"].provided else None,
            revenue=found["revenue"],
            covariates=np.column_stack([found["spend_before"], found["visits_before"]]),
        ),
        nights=tuple(nights),
        planned_shares=found["holdout_share"],
        compliance=Compliance(
            n_treated=int(is_treated.sum()),
            n_treated_contacted=int(is_contacted[is_treated].sum()) if are_kept else None,
            n_holdout=int((~is_treated).sum()),
            n_holdout_contacted=int(is_contacted[~is_treated].sum()) if are_kept else None,
        ),
        cost_amount=float(np.round(found["cost_amount"][is_paid].sum(), 4)),
    )


def _count_late(connection: duckdb.DuckDBPyConnection, campaign_id: str, end_date: date) -> int:
    """Return how many customers to be contacted were so only after the campaign's end."""
    found = connection.execute(
        "select count(*) from dealt inner join contacts using (customer_id) "
        "where dealt.is_treated and contacts.campaign_id = ? and contacts.contact_date > ?",
        [campaign_id, end_date],
    ).fetchone()
    return int(found[0]) if found else 0


def _dates(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, campaign_id: str, as_of: date
) -> tuple[date, date]:
    known = connection.execute(
        "select campaign_id, start_date, end_date from campaigns order by campaign_id"
    ).fetchall()
    dates = {name: (start, end) for name, start, end in known}
    if campaign_id not in dates:
        there = ", ".join(list(dates)[:10]) + (f" and {len(dates) - 10} more" if len(dates) > 10 else "")
        raise CampaignNotMeasurable(
            f"Got campaign {campaign_id!r} but expected one that was known before {as_of}: {there or 'there is none'}. "
            "Check the id."
        )
    start, end = dates[campaign_id]
    if end >= as_of or end > snapshot.complete_through:
        raise CampaignNotMeasurable(
            f"Got campaign {campaign_id!r} that runs from {start} through {end} at {as_of} (the source is complete "
            f"through {snapshot.complete_through}) but expected one that is over. Measure it on a night after {end}.",
            plain=f"the source is complete through {snapshot.complete_through}, before its end on {end}. Deliver the "
            "days up to it.",
        )
    return start, end


_KNOWN = """
create view campaigns as
select campaign_id, start_date, end_date from raw.campaigns where arrived_date < {as_of}
qualify row_number() over (partition by campaign_id order by arrived_at desc, start_date desc, end_date desc) = 1;

create view contacts as
select campaign_id, customer_id, min(contact_date) as contact_date from raw.campaign_contacts
where arrived_date < {as_of} and contact_date < {as_of} group by all;

create view responses as
select campaign_id, customer_id, response_date from raw.campaign_responses
where arrived_date < {as_of} and response_date < {as_of};

create view line_versions as
select * from raw.order_lines
where order_date < {as_of} and arrived_date < {as_of} and arrived_date <= order_date + {late_days}
"""

# Outcomes count from the campaign's start, or from the day of the lot where that was drawn while it ran; what is
# known before is cut at the earlier of both, so that no contact can have moved it.
_DEALT = """
create or replace temp table dealt as
with of_lists as (
    select * from decided
    where campaign_id = $campaign and decision in ($contact, $hold_out) and holdout_share > 0
        and as_of_date in (select unnest($nights::date []))
    qualify row_number() over (partition by customer_id order by as_of_date) = 1
)

select customer_id, decision = $contact as is_treated, holdout_share, cost_amount,
    greatest(as_of_date, $start) as counts_from, least(as_of_date, $start) as known_until
from of_lists
where not exists (
    select 1 from decided as earlier
    where earlier.campaign_id = $campaign and earlier.customer_id = of_lists.customer_id
        and earlier.decision = $contact and earlier.holdout_share = 0 and earlier.as_of_date < of_lists.as_of_date
)
"""

_OUTCOMES = f"""
with versions as (
    select * from line_versions
    where order_line_id in (
        select order_line_id from line_versions where customer_id in (select customer_id from dealt)
    )
    qualify row_number() over (
        partition by order_line_id order by arrived_at desc, ordered_at desc, is_cancelled, quantity desc,
            sales_amount desc, customer_id
    ) = 1
),

lines as (
    select versions.*, dealt.counts_from, dealt.known_until from versions inner join dealt using (customer_id)
    where not coalesce(is_cancelled, false)
),

sums as (
    select
        customer_id,
        sum(sales_amount) filter (order_date between counts_from and $end) as revenue,
        sum(sales_amount) filter (
            order_date < known_until and order_date >= known_until - {COVARIATE_DAYS}
        ) as spend_before,
        count(distinct order_id) filter (
            order_date < known_until and order_date >= known_until - {COVARIATE_DAYS} and quantity > 0
        ) as visits_before
    from lines group by all
)

select
    dealt.customer_id, dealt.is_treated, dealt.holdout_share::double as holdout_share,
    coalesce(dealt.cost_amount, 0)::double as cost_amount,
    coalesce(sums.revenue, 0)::double as revenue,
    coalesce(sums.spend_before, 0)::double as spend_before,
    coalesce(sums.visits_before, 0)::double as visits_before,
    exists (
        select 1 from responses
        where responses.campaign_id = $campaign and responses.customer_id = dealt.customer_id
            and responses.response_date between dealt.counts_from and $end
    ) as responded,
    exists (
        select 1 from contacts
        where contacts.campaign_id = $campaign and contacts.customer_id = dealt.customer_id
            and contacts.contact_date <= $end
    ) as is_contacted
from dealt left join sums using (customer_id)
order by dealt.customer_id
"""
