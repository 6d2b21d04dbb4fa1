"""Example customers that can be read aloud: who they are, what goes into their basket, how they are, why.

Three of them, chosen by a rule that the report states, so that every night shows the same kinds. Families
that have more to say than a number are told in words of their own; any other is told by its columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chosen:
    """A customer that stands for a kind, and the rule by which it was chosen."""

    customer_id: str
    role: str
    rule: str


@dataclass(frozen=True)
class Line:
    """One item that the customer may buy."""

    item: str
    probability: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What one family says of a customer: sentences, and items where it is about items."""

    family: str
    heading: str
    sentences: tuple[str, ...]
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class History:
    """What the shop had seen of a customer before the night, within ``days``."""

    days: int
    n_orders: int
    amount: float
    days_since_last: int | None


@dataclass(frozen=True)
class Household:
    """One example customer of the night."""

    chosen: Chosen
    past: str | None
    told: tuple[Told, ...]


def choose_by_health(rows: Sequence[Mapping[str, Any]]) -> tuple[Chosen, ...]:
    """Return a champion, one slipping away and a typical customer from the rows of ``customer_health``.

    Rows without an expected spend cannot be ranked and are left out; ties go to the lesser id.
    """
    known = sorted(
        (row for row in rows if row.get("expected_spend_56d") is not None and row.get("probability") is not None),
        key=lambda row: (-row["expected_spend_56d"], row["customer_id"]),
    )
    if not known:
        return ()
    by_risk = sorted(known, key=lambda row: (-row["probability"], row["customer_id"]))
    likeliest = {row["customer_id"] for row in by_risk[: max(len(known) // 10, 1)]} - {known[0]["customer_id"]}
    slipping = next((row for row in known if row["customer_id"] in likeliest), by_risk[0])
    return _distinct(
        Chosen(known[0]["customer_id"], "The champion", "the greatest spend expected in the next 56 days"),
        Chosen(
            slipping["customer_id"],
            "Slipping away",
            "of the tenth of customers most likely to stay away for 28 days, the one with the greatest spend expected",
        ),
        Chosen(
            known[len(known) // 2]["customer_id"],
            "In the middle",
            "as many customers are expected to spend more in the next 56 days as less",
        ),
    )


def choose_by_sums(
    tonight: Mapping[str, float], before: Mapping[str, float] | None, *, what: str
) -> tuple[Chosen, ...]:
    """Return the customer of the greatest sum of forecasts, the one that fell most, and the one in the middle.

    Parameters
    ----------
    tonight, before
        The sum of each customer's forecasts in this night and the one before; None on the first.
    what
        What is summed, in words.
    """
    ranked = sorted(tonight, key=lambda one: (-tonight[one], one))
    if not ranked:
        return ()
    if before is None:
        last = Chosen(ranked[-1], "At the other end", f"the fewest {what} expected")
    else:
        fallen = min(ranked, key=lambda one: (tonight[one] - before.get(one, 0.0), one))
        last = Chosen(fallen, "Slipping away", f"the greatest fall of {what} expected since the night before")
    return _distinct(
        Chosen(ranked[0], "The champion", f"the most {what} expected"),
        last,
        Chosen(ranked[len(ranked) // 2], "In the middle", f"as many customers with more {what} expected as with fewer"),
    )


def _distinct(*chosen: Chosen) -> tuple[Chosen, ...]:
    """Leave out who was chosen already: a shop may have fewer customers than kinds."""
    return tuple({one.customer_id: one for one in reversed(chosen)}.values())[::-1]


def tell_past(history: History | None, *, currency: str) -> str | None:
    """Say in one sentence what the shop had seen of a customer."""
    if history is None:
        return None
    weeks = history.days // 7
    if history.n_orders == 0:
        seen = f"No order in the {weeks} weeks before"
    else:
        orders = "1 order" if history.n_orders == 1 else f"{history.n_orders:,} orders"
        seen = f"{orders} for {currency} {history.amount:,.0f} in the {weeks} weeks before"
    if history.days_since_last is None:
        return f"{seen}."
    days = history.days_since_last
    ago = "the day before" if days == 1 else f"{days} days before"
    return f"{seen}; the last {ago}."
