"""Which of the lists that a campaign's nights made was the one that was sent.

A campaign is decided on anew every night until it starts and while it runs, and each list differs a little from the one
before: scores move. One of them is taken and sent, or a few where a campaign goes out in waves. Only that one says who
was meant to be contacted and who was held out *of it*; whom another night would have contacted was never meant to be.
"""

from __future__ import annotations

from datetime import date

import duckdb

from nightmarket.decisions.targets.table import CONTACT, HOLD_OUT

MAX_UNEXPLAINED_SHARE = 0.05
"""Of those contacted from some list, so many may be on none of the lists that are taken for sent."""


def find_sent_nights(
    connection: duckdb.DuckDBPyConnection, campaign_id: str, *, start_date: date, until: date
) -> list[date]:
    """Return the nights whose lists came back as contacts, oldest first; none where no night drew lots.

    The list that agrees best with the contacts (those on both, over those on either) goes first, the newest of equals;
    then those that agree best with the contacts that are left, until hardly any are. Contacts before a night are not of
    its list. The choice looks at lists and contacts alone, never at what customers did. Where no contact came back, and
    where none are recorded, it is the newest list up to the start, as whoever sends takes that one; else the first.

    Parameters
    ----------
    connection : with ``decided`` (published rows) and ``contacts`` (campaign_id, customer_id, contact_date)
    until : nights after it are not looked at
    """
    connection.execute(
        _LISTS,
        {"campaign": campaign_id, "until": until, "contact": CONTACT, "hold_out": HOLD_OUT},
    )
    chosen: list[date] = []
    n_contacts = 0
    while rows := connection.execute(_AGREEMENT, {"chosen": chosen}).fetchall():
        n_left = int(rows[0][1])
        n_contacts = n_contacts or n_left
        if n_left <= MAX_UNEXPLAINED_SHARE * n_contacts:
            break
        chosen.append(rows[0][0])
    return sorted(chosen) or _newest_before(connection, start_date)


def _newest_before(connection: duckdb.DuckDBPyConnection, start_date: date) -> list[date]:
    nights = [night for (night,) in connection.execute("select distinct night from lists order by night").fetchall()]
    return [night for night in nights if night <= start_date][-1:] or nights[:1]


_LISTS = """
create or replace temp table lists as
select decided.as_of_date as night, decided.customer_id, decided.decision = $contact as is_listed,
    decided.decision = $contact and coalesce(contacts.contact_date >= decided.as_of_date, false) as came_back
from decided
left join contacts on decided.campaign_id = contacts.campaign_id and decided.customer_id = contacts.customer_id
where decided.campaign_id = $campaign and decided.decision in ($contact, $hold_out)
    and decided.holdout_share > 0 and decided.as_of_date <= $until
"""

# Best first: the night, and how many contacts from some list are on no chosen one. A night without any is no candidate.
_AGREEMENT = """
with left_over as (
    select * from lists
    where customer_id not in (select customer_id from lists where night in (select unnest($chosen::date [])))
),

nights as (
    select night, count(*) filter (is_listed) as n_listed, count(*) filter (came_back) as n_back
    from left_over group by night
),

unexplained as (
    select count(distinct customer_id) as n_left from left_over where came_back
)

select night, n_left
from nights
cross join unexplained
where n_back > 0
order by n_back / (n_listed + n_left - n_back) desc, night desc
limit 1
"""
