"""Which of the lists that the nights made was sent: the one that came back as contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import duckdb
import numpy as np

from nightmarket.io.sent_lists import find_sent_nights

START = date(2024, 6, 10)
ALL = [f"c{number:03d}" for number in range(200)]


def night(number: int) -> date:
    """Return the night so many days from the campaign's start."""
    return START + timedelta(days=number)


def sent_nights(
    lists: Mapping[int, Collection[str]], contacts: Mapping[str, int], *, held: Collection[str] = (), until: int = 20
) -> list[int]:
    """Return the nights that are found: ``lists`` by night, and the day of each contact, from the start."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table decided (campaign_id varchar, customer_id varchar, as_of_date date, decision varchar, "
            "holdout_share double); create table contacts (campaign_id varchar, customer_id varchar, contact_date date)"
        )
        rows = [["spring", one, night(day), "contact", 0.1] for day, of in lists.items() for one in of]
        rows += [["spring", one, night(day), "hold out", 0.1] for day in lists for one in held]
        # Another campaign, and those whom no lot was drawn for, say nothing.
        rows += [["summer", one, night(-9), "contact", 0.1] for one in contacts]
        rows += [["spring", one, night(-8), "contact", 0.0] for one in contacts]
        if rows:
            connection.executemany("insert into decided values (?, ?, ?, ?, ?)", rows)
        for one, day in contacts.items():
            connection.execute("insert into contacts values ('spring', ?, ?)", [one, night(day)])
        found = find_sent_nights(connection, "spring", start_date=START, until=night(until))
    return [(one - START).days for one in found]


def drifting(n_nights: int, size: int = 60) -> dict[int, list[str]]:
    """Return a list for every night up to the start of the best ``size`` by scores that move a little each day."""
    random = np.random.default_rng(4)
    score = random.normal(size=len(ALL))
    lists = {}
    for day in range(1 - n_nights, 1):
        lists[day] = [ALL[position] for position in np.argsort(-score)[:size]]
        score = score + random.normal(0, 0.05, len(ALL))
    return lists


def test_of_many_plans_before_the_start_the_one_that_was_sent_counts() -> None:
    lists = drifting(57)
    assert len(set().union(*lists.values())) > 1.15 * 60, "otherwise nothing is shown"
    assert sent_nights(lists, dict.fromkeys(lists[0], 0), held=ALL[-9:]) == [0]


def test_a_list_that_was_printed_before_the_start_is_found_too() -> None:
    lists = drifting(57)
    assert lists[-12] != lists[0]
    found = sent_nights(lists, dict.fromkeys(lists[-12], 0))
    assert [lists[one] for one in found] == [lists[-12]]


def test_waves_are_several_lists() -> None:
    first, second = ALL[:40], ALL[40:100]
    lists = {-2: [*ALL[1:39], *ALL[150:158]], -1: first, 0: second, 1: [*ALL[60:100], *ALL[120:130]]}
    assert sent_nights(lists, {**dict.fromkeys(first, -1), **dict.fromkeys(second, 0)}) == [-1, 0]


def test_a_list_that_is_sent_over_some_days_is_one_list() -> None:
    days = {one: number // 40 for number, one in enumerate(ALL)}
    lists = {day: [one for one in ALL if days[one] >= day] for day in range(5)}
    assert sent_nights(lists, days) == [0]


def test_a_contact_before_a_night_is_not_of_its_list() -> None:
    assert sent_nights({-1: ALL[:40], 3: ALL[:40]}, dict.fromkeys(ALL[:40], 1)) == [-1]


def test_without_contacts_it_is_the_newest_list_up_to_the_start_else_the_first() -> None:
    assert sent_nights({-3: ALL[:40], -1: ALL[:50], 2: ALL[:60]}, {}) == [-1]
    assert sent_nights({2: ALL[:60], 4: ALL[:70]}, {}) == [2]
    assert sent_nights({}, {}) == []


def test_a_list_of_which_one_customer_was_contacted_is_still_the_one_that_was_dealt() -> None:
    assert sent_nights({-1: ALL[:40], 0: ALL[50:90]}, {ALL[0]: 0}) == [-1]


def test_nights_after_the_last_that_counts_are_not_looked_at() -> None:
    assert sent_nights({0: ALL[:40], 2: ALL[40:80]}, dict.fromkeys(ALL[40:80], 2), until=1) == [0]
