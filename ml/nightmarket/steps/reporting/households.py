"""Choose the example customers of a night and read what every family says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from nightmarket.families import FAMILIES
from nightmarket.families.base import Family
from nightmarket.io import served_figures as figures
from nightmarket.io.customer_history import read_histories
from nightmarket.report.households import Chosen, Household, choose_by_health, choose_by_sums, tell_past
from nightmarket.report.telling import tell
from nightmarket.steps.reporting.families import Served

HISTORY_DAYS = 84
N_ROWS = 1000
"""More than a customer has rows: the sentences count them."""


def describe_households(served: Served, published: Sequence[str], order_files: Sequence[Path]) -> tuple[Household, ...]:
    """Return the example customers of the night, as every published family sees them.

    Parameters
    ----------
    published
        Families of which this night is served, in order.
    order_files
        The landed order lines, for what the shop had seen of them; none: it is not told.
    """
    chosen = _choose(served, published)
    customers = [one.customer_id for one in chosen]
    rows = {
        name: _by_customer(figures.read_top(served.connection, FAMILIES[name], served.as_of, N_ROWS, customers))
        for name in published
    }
    histories = read_histories(order_files, customers, as_of=served.as_of, days=HISTORY_DAYS)
    households = []
    for one in chosen:
        told = tuple(
            tell(
                FAMILIES[name],
                rows[name].get(one.customer_id, []),
                served.names_of(FAMILIES[name]),
                currency=served.currency,
            )
            for name in published
        )
        past = tell_past(histories.get(one.customer_id), currency=served.currency)
        households.append(Household(one, past, told))
    return tuple(households)


def _choose(served: Served, published: Sequence[str]) -> tuple[Chosen, ...]:
    if "customer_health" in published:
        health = FAMILIES["customer_health"]
        rows = figures.read_top(served.connection, health, served.as_of, 1_000_000_000)
        chosen = choose_by_health(rows)
        if chosen:
            return chosen
    if not published:
        return ()
    family = FAMILIES[published[0]]
    nights: Sequence[date] = served.nights[family.name][-2:]
    sums = figures.read_sums(served.connection, family, "customer_id", nights)
    tonight = {one: by_night[nights[-1]] for one, by_night in sums.items() if nights[-1] in by_night}
    before = {one: by_night.get(nights[0], 0.0) for one, by_night in sums.items()} if len(nights) > 1 else None
    return choose_by_sums(tonight, before, what=_what(family))


def _what(family: Family) -> str:
    if len(family.keys) == 1:
        return family.primary.name.replace("_", " ")
    return {"category": "categories"}.get(noun := family.key_names[1].removesuffix("_id"), f"{noun}s")


def _by_customer(rows: Sequence[Mapping[str, object]]) -> dict[str, list[Mapping[str, object]]]:
    found: dict[str, list[Mapping[str, object]]] = {}
    for row in rows:
        found.setdefault(str(row["customer_id"]), []).append(row)
    return found
