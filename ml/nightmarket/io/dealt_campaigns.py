"""Campaigns that this policy dealt, that were sent as it said, and that are over: trials of the shop's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from nightmarket.decisions.targets.campaign import KnownCampaign
from nightmarket.decisions.targets.table import TABLE
from nightmarket.errors import NothingPublished, ServingMoved
from nightmarket.io.landing import Snapshot
from nightmarket.io.sent_lists import find_sent_nights
from nightmarket.io.serving.catalog import read_served_catalog
from nightmarket.io.warehouse import open_snapshot
from nightmarket.modeling.measuring.compliance import MAX_LEAKED_SHARE, MIN_SENT_SHARE
from nightmarket.settings import Settings
from nightmarket.sqltext import literal

TRIAL_DAYS = 728
"""Campaigns that ended in these days before the night are trials. Where older ones said that no contact pays, no lot is
drawn that could contest it, so their word must end some day."""

HABITS = ("sales_84d", "n_orders_84d", "days_since_order")
"""What is known of a customer before a day. Not the sales of a month: a campaign of a month is tested on those, as
something that it cannot have changed."""


@dataclass(frozen=True)
class DealtCampaigns:
    """Those who were dealt an arm, one row per campaign and customer, sorted.

    Attributes
    ----------
    rows : campaign_id, customer_id, is_treated, holdout_share, response_probability, sales (in the campaign's days),
        past_sales (in as many days before its start), and ``HABITS`` before its start
    reads : by night, the SHA-256 of the published decisions that were read
    not_used : by campaign, why it is no trial
    """

    rows: pa.Table
    reads: dict[str, str]
    not_used: dict[str, str]


def read_dealt_campaigns(
    settings: Settings, snapshot: Snapshot, campaigns: Mapping[str, KnownCampaign], *, as_of: date
) -> DealtCampaigns | None:
    """Return what came of campaigns that ended before ``as_of``, in two years; None where none was ever decided on.

    The arms are those of the lists up to the campaign's start that were sent, as in
    :mod:`nightmarket.io.campaign_results`; of several the first that has the customer: who was contacted by the next
    night is not dealt again, and to leave them out, but not those held out, would compare unlike arms. What was decided
    while it ran knew who had answered.
    """
    nights = _published(settings)
    since = as_of - timedelta(days=TRIAL_DAYS)
    over = [campaign for campaign in campaigns.values() if since <= campaign.end_date < as_of]
    newest = max((campaign.start_date for campaign in over), default=date.min)
    files = sorted((night, path) for night, (path, _) in nights.items() if night <= newest)
    if not files:
        return None
    with _open(settings, snapshot, as_of) as connection:
        connection.execute("create table cuts (campaign_id varchar, start_date date, end_date date)")
        connection.executemany(
            "insert into cuts values (?, ?, ?)", [[one.campaign_id, one.start_date, one.end_date] for one in over]
        )
        paths = ", ".join(literal(str(path)) for _, path in files)
        connection.execute(
            f"create table decided as select * from read_parquet([{paths}], hive_partitioning = false) "
            "where decision in ('contact', 'hold out') and campaign_id in (select campaign_id from cuts)"
        )
        connection.execute("create table sent (campaign_id varchar, night date)")
        for campaign in over:
            start = campaign.start_date
            for sent in find_sent_nights(connection, campaign.campaign_id, start_date=start, until=start):
                connection.execute("insert into sent values (?, ?)", [campaign.campaign_id, sent])
        connection.execute(_ARMS)
        read = [night for (night,) in connection.execute("select distinct night from arms order by night").fetchall()]
        if not read:
            return None
        not_used = dict(
            connection.execute(
                "select campaign_id, 'not sent as decided: ' || round(100 * sent) || ' % of those to be contacted and '"
                " || round(100 * leaked) || ' % of those held out have a contact up to its end'"
                " || case when n_late > 0 then ', and ' || n_late || ' after it' else '' end from compliance "
                f"where not (sent >= {MIN_SENT_SHARE} and leaked <= {MAX_LEAKED_SHARE}) order by campaign_id"
            ).fetchall()
        )
        connection.execute(
            "delete from arms where campaign_id not in (select campaign_id from compliance "
            f"where sent >= {MIN_SENT_SHARE} and leaked <= {MAX_LEAKED_SHARE})"
        )
        rows = connection.execute(_OUTCOMES).to_arrow_table()
    return DealtCampaigns(rows, {str(night): nights[night][1] for night in read}, not_used)


def read_habits(settings: Settings, snapshot: Snapshot, *, as_of: date) -> pa.Table:
    """Return ``customer_id`` and ``HABITS`` before ``as_of`` of everybody who ever bought, sorted."""
    with _open(settings, snapshot, as_of) as connection:
        connection.execute("create table arms as select distinct '' as campaign_id, customer_id from lines")
        connection.execute(f"create table cuts as select '' as campaign_id, date '{as_of}' as start_date")
        found: pa.Table = connection.execute(
            f"select customer_id, {', '.join(HABITS)} from ({_HABITS}) order by customer_id"
        ).to_arrow_table()
    return found


def _published(settings: Settings) -> dict[date, tuple[Path, str]]:
    try:
        files = read_served_catalog(settings).tables.get(TABLE.name, {})
    except (NothingPublished, ServingMoved):
        return {}
    return {night: (settings.serving_dir / file.path, file.sha256) for night, file in files.items()}


@contextlib.contextmanager
def _open(settings: Settings, snapshot: Snapshot, as_of: date) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_snapshot(settings, snapshot) as connection:
        connection.execute(
            "create table lines as select customer_id, order_id, order_date, sales_amount from raw.order_lines "
            f"where order_date < date '{as_of}' and arrived_date < date '{as_of}' "
            "qualify row_number() over (partition by order_line_id order by arrived_at desc, ordered_at desc) = 1 "
            "and not is_cancelled"
        )
        connection.execute(
            "create table contacts as select campaign_id, customer_id, min(contact_date) as contact_date "
            f"from raw.campaign_contacts where arrived_date < date '{as_of}' and contact_date < date '{as_of}' "
            "group by all"
        )
        yield connection


# A lot decided only where the holdout had a share, and of nobody whom an earlier night knew to be contacted.
_ARMS = """
create table arms as
select campaign_id, customer_id, decision = 'contact' as is_treated, holdout_share, response_probability,
    as_of_date as night
from (
    select decided.*
    from decided
    inner join sent on decided.campaign_id = sent.campaign_id and decided.as_of_date = sent.night
    where decided.holdout_share > 0
    qualify row_number() over (
        partition by decided.campaign_id, decided.customer_id order by decided.as_of_date
    ) = 1
) as dealt
where not exists (
    select 1 from decided as earlier
    where earlier.campaign_id = dealt.campaign_id and earlier.customer_id = dealt.customer_id
        and earlier.decision = 'contact' and earlier.holdout_share = 0 and earlier.as_of_date < dealt.as_of_date
);

-- A contact after the end changed nothing of what is measured up to it.
create table compliance as
select arms.campaign_id,
    coalesce(avg(coalesce(contacts.contact_date <= cuts.end_date, false)::integer) filter (arms.is_treated), 0) as sent,
    coalesce(
        avg(coalesce(contacts.contact_date <= cuts.end_date, false)::integer) filter (not arms.is_treated), 0
    ) as leaked,
    count(*) filter (contacts.contact_date > cuts.end_date) as n_late
from arms
inner join cuts on arms.campaign_id = cuts.campaign_id
left join contacts on arms.campaign_id = contacts.campaign_id and arms.customer_id = contacts.customer_id
group by arms.campaign_id
"""

_HABITS = """
select arms.campaign_id, arms.customer_id,
    coalesce(sum(lines.sales_amount) filter (lines.order_date >= cuts.start_date - 84), 0)::double as sales_84d,
    (count(distinct lines.order_id) filter (lines.order_date >= cuts.start_date - 84))::double as n_orders_84d,
    (cuts.start_date - max(lines.order_date))::double as days_since_order
from arms
inner join cuts on arms.campaign_id = cuts.campaign_id
left join lines on arms.customer_id = lines.customer_id and lines.order_date < cuts.start_date
group by arms.campaign_id, arms.customer_id, cuts.start_date
"""

_OUTCOMES = f"""
with outcomes as (
    select arms.campaign_id, arms.customer_id,
        coalesce(sum(lines.sales_amount) filter (lines.order_date >= cuts.start_date), 0)::double as sales,
        coalesce(sum(lines.sales_amount) filter (lines.order_date < cuts.start_date), 0)::double as past_sales
    from arms
    inner join cuts on arms.campaign_id = cuts.campaign_id
    left join lines
        on arms.customer_id = lines.customer_id
        and lines.order_date >= cuts.start_date - cast(cuts.end_date - cuts.start_date + 1 as integer)
        and lines.order_date <= cuts.end_date
    group by arms.campaign_id, arms.customer_id
)
select arms.* exclude (night), outcomes.* exclude (campaign_id, customer_id),
    habits.* exclude (campaign_id, customer_id)
from arms
inner join outcomes using (campaign_id, customer_id)
inner join ({_HABITS}) as habits using (campaign_id, customer_id)
order by arms.campaign_id, arms.customer_id
"""
