"""What was known of campaigns before a night, straight from the landed files of its snapshot.

Of a row that came again, the version that had arrived last before the night counts. The files are immutable, so no
lock is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from nightmarket.clock import STEP_DAYS
from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.decisions.targets.base_rate import Answers
from nightmarket.decisions.targets.campaign import KnownCampaign, Plan, plans_without_campaign
from nightmarket.io.landing import Snapshot
from nightmarket.io.refused_plans import read_refused_plans
from nightmarket.io.warehouse import open_snapshot
from nightmarket.settings import Settings

SPEND_DAYS = 364
"""Responses of a year say what one is worth; older prices do not."""


@dataclass(frozen=True)
class CampaignFacts:
    """What was known before a night.

    Attributes
    ----------
    campaigns : by id, whatever their dates
    unknown_plans : campaigns that have a plan and no dates, sorted
    later_campaigns : by campaign that had not arrived yet, the first night that knows it; only to name it by
    refused_plans : by campaign whose newest plan was set aside by landing, the reason code
    products : by campaign that the night decides on, what it offers, each once and sorted
    not_in_catalogue : those of ``products`` that the catalogue did not have
    contacts : by campaign that the night decides on, and customer: the day of the first contact
    recent_contacts : by customer, contacts for whatever campaign in the 28 days before the night
    spend_per_response_amount : what a responder spent on the days of the response on what the coupons were for (on
        all that the campaign offers, where it has no coupons), the mean of the last 364 days; None where nobody
        responded
    answers : contacts of campaigns that ended in the last 364 days, and how many of them were answered; None where the
        shop keeps no responses
    """

    campaigns: dict[str, KnownCampaign]
    unknown_plans: list[str]
    later_campaigns: dict[str, date]
    refused_plans: dict[str, str]
    products: dict[str, NDArray[np.str_]]
    not_in_catalogue: dict[str, NDArray[np.str_]]
    contacts: dict[str, dict[str, date]]
    recent_contacts: dict[str, int]
    spend_per_response_amount: float | None
    answers: Answers | None


def read_campaign_facts(settings: Settings, snapshot: Snapshot, *, as_of: date) -> CampaignFacts:
    """Read what had happened and arrived before ``as_of``; plans and dates of campaigns reach beyond it."""
    with open_snapshot(settings, snapshot) as connection:
        for name in ("campaigns", "campaign_plans", "campaign_products", "campaign_contacts", "campaign_responses"):
            connection.execute(f"create view {name} as {_newest(name, as_of)}")
        _find_lines_of_responders(connection, as_of)
        plans = {
            row[0]: Plan(*(None if value is None else float(value) for value in row[1:]))
            for row in connection.execute(
                "select campaign_id, budget_amount, cost_per_contact_amount, value_per_response_amount, margin_pct, "
                "holdout_pct from campaign_plans order by campaign_id"
            ).fetchall()
        }
        dates = _rows(connection, "select campaign_id, start_date, end_date from campaigns order by campaign_id")
        refused = read_refused_plans(
            connection,
            [campaign_id for campaign_id, _, _ in dates],
            dict(_rows(connection, "select campaign_id, arrived_at from campaign_plans")),
            as_of=as_of,
            timezone=snapshot.timezone,
        )
        campaigns = {
            campaign_id: KnownCampaign(
                campaign_id, start_date, end_date, plans.get(campaign_id), refused.get(campaign_id)
            )
            for campaign_id, start_date, end_date in dates
        }
        decided = sorted(one.campaign_id for one in campaigns.values() if one.status(as_of).is_decided)
        has_catalogue = snapshot.table("products").provided
        return CampaignFacts(
            campaigns=campaigns,
            unknown_plans=plans_without_campaign(plans, campaigns),
            later_campaigns=_later_campaigns(connection, as_of),
            refused_plans=refused,
            products={campaign_id: _products(connection, campaign_id) for campaign_id in decided},
            not_in_catalogue={
                campaign_id: _products(connection, campaign_id, not_known_before=as_of)
                for campaign_id in (decided if has_catalogue else [])
            },
            contacts={campaign_id: _contacts(connection, campaign_id, as_of) for campaign_id in decided},
            recent_contacts=_recent_contacts(connection, as_of),
            spend_per_response_amount=_spend_per_response(connection),
            answers=_answers(connection, as_of) if snapshot.table("campaign_responses").provided else None,
        )


def _newest(name: str, as_of: date, *, only: str = "true") -> str:
    """Return a ``select`` of a table's rows in the version that was known at ``as_of``."""
    table = CONTRACT_TABLES[name]
    # Two versions of one instant: any rule will do that is always the same.
    ties = ", ".join(f"{column.name} desc" for column in table.columns if column.name not in (*table.key, "arrived_at"))
    return (
        f"select * from raw.{name} where arrived_date < date '{as_of}' and {only} "
        f"qualify row_number() over (partition by {', '.join(table.key)} order by arrived_at desc, {ties}) = 1"
    )


def _later_campaigns(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, date]:
    return dict(
        _rows(
            connection,
            "select campaign_id, min(arrived_date) + 1 from raw.campaigns group by campaign_id "
            "having min(arrived_date) >= ? order by campaign_id",
            [as_of],
        )
    )


def _products(
    connection: duckdb.DuckDBPyConnection, campaign_id: str, *, not_known_before: date | None = None
) -> NDArray[np.str_]:
    """Return what a campaign offers; with a date, of that what the catalogue did not have before it."""
    in_catalogue = "(select product_id from raw.products where arrived_date < $before)"
    rows = _rows(
        connection,
        "select distinct product_id from campaign_products where campaign_id = $campaign_id "
        f"and ($before::date is null or product_id not in {in_catalogue}) order by product_id",
        {"campaign_id": campaign_id, "before": not_known_before},
    )
    return np.array([product for (product,) in rows], dtype=np.str_)


def _contacts(connection: duckdb.DuckDBPyConnection, campaign_id: str, as_of: date) -> dict[str, date]:
    return dict(
        _rows(
            connection,
            "select customer_id, min(contact_date) from campaign_contacts "
            "where campaign_id = ? and contact_date < ? group by customer_id order by customer_id",
            [campaign_id, as_of],
        )
    )


def _recent_contacts(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    return dict(
        _rows(
            connection,
            "select customer_id, count(*) from campaign_contacts "
            "where contact_date < $as_of and contact_date >= $since group by customer_id order by customer_id",
            {"as_of": as_of, "since": as_of - timedelta(days=STEP_DAYS)},
        )
    )


def _find_lines_of_responders(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Make ``responses`` (coupons by day) and ``order_lines`` (known lines of the days on which somebody responded)."""
    connection.execute(
        "create table responses as select distinct campaign_id, customer_id, coupon_id, response_date "
        f"from campaign_responses where response_date < date '{as_of}' "
        f"and response_date >= date '{as_of - timedelta(days=SPEND_DAYS)}'"
    )
    on_the_day = "(customer_id, order_date) in (select (customer_id, response_date) from responses)"
    # In whatever version: the newest may have moved a line to another day.
    connection.execute(
        "create table line_ids as select distinct order_line_id from "
        f"({_newest('order_lines', as_of, only=on_the_day)})"
    )
    of_these = "order_line_id in (select order_line_id from line_ids)"
    connection.execute(f"create table order_lines as {_newest('order_lines', as_of, only=of_these)}")


def _spend_per_response(connection: duckdb.DuckDBPyConnection) -> float | None:
    ((spend, n_responders),) = _rows(
        connection,
        """
        with bought as (
            select distinct responses.campaign_id, lines.order_line_id, lines.sales_amount
            from responses
            inner join order_lines as lines
                on responses.customer_id = lines.customer_id and responses.response_date = lines.order_date
            inner join campaign_products as offers
                on responses.campaign_id = offers.campaign_id
                and (responses.coupon_id = offers.coupon_id or responses.coupon_id = '')
                and lines.product_id = offers.product_id
            where not lines.is_cancelled
        )
        select
            (select sum(sales_amount) from bought),
            (select count(distinct (campaign_id, customer_id)) from responses)
        """,
    )
    # Responses whose orders are not known say nothing of what one is worth.
    return round(float(spend) / n_responders, 4) if n_responders and spend and spend > 0 else None


def _answers(connection: duckdb.DuckDBPyConnection, as_of: date) -> Answers:
    """Return how many of those contacted answered, of campaigns that are over: others may still be answered."""
    ((n_contacts, n_answered),) = _rows(
        connection,
        """
        with contacted as (
            select distinct campaign_id, customer_id
            from campaign_contacts
            inner join campaigns using (campaign_id)
            where end_date < $as_of and end_date >= $since and contact_date <= end_date
        )
        select
            count(*),
            count(*) filter (
                (campaign_id, customer_id) in (
                    select (campaign_id, customer_id) from campaign_responses where response_date < $as_of
                )
            )
        from contacted
        """,
        {"as_of": as_of, "since": as_of - timedelta(days=SPEND_DAYS)},
    )
    return Answers(int(n_contacts), int(n_answered))


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: Any = None) -> list[Any]:
    return connection.execute(query, values).fetchall()
