"""From a family's rows of one customer to sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nightmarket.families.base import Family, Kind
from nightmarket.report.households import Line, Told
from nightmarket.report.wording import amount_text, chance, unit_of

Rows = Sequence[Mapping[str, Any]]
N_LINES = 6
"""Items shown of a customer: what can be read aloud."""

UNLIKELY = 0.2
"""Below it nobody would say that a customer will buy."""


def tell(family: Family, rows: Rows, names: Mapping[str, str], *, currency: str) -> Told:
    """Return what ``family`` says of a customer; that it says nothing, where it has no row of it.

    Parameters
    ----------
    rows
        The customer's rows of the family, the best first, as they are served.
    names
        What to call the items.
    """
    if not rows:
        return Told(family.name, family.title, ("Nothing is published of this customer.",))
    if family.name == "customer_health":
        return Told(family.name, "How the customer is", _health(rows[0], currency))
    is_of_items = len(family.keys) > 1 and family.primary.kind is Kind.PROBABILITY
    lines = tuple(_lines(family, rows, names)) if is_of_items else ()
    say = _OF_ITEMS.get(family.name)
    if lines and say is not None:
        heading, sentences = say(rows, lines)
        return Told(family.name, heading, sentences, lines)
    if lines:
        noun = family.key_names[1].removesuffix("_id")
        return Told(family.name, family.title, (f"The likeliest of {len(rows)} by {noun}:",), lines)
    return Told(family.name, family.title, _by_columns(family, rows[0], currency))


def _lines(family: Family, rows: Rows, names: Mapping[str, str]) -> list[Line]:
    key = family.key_names[1]
    return [
        Line(names.get(row[key]) or row[key], row[family.primary.name], reasons_of(row))
        for row in rows[:N_LINES]
        if row[family.primary.name] is not None
    ]


def reasons_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the reasons of a served row that are there."""
    return tuple(row[name] for name in ("reason_1", "reason_2", "reason_3") if row.get(name))


def _basket(rows: Rows, lines: Sequence[Line]) -> tuple[str, tuple[str, ...]]:
    known = [row for row in rows if row.get("is_repeat") is not None]
    new = [row for row in known if not row["is_repeat"]]
    sentences = [f"First on the list is {lines[0].item}, with a chance of {chance(lines[0].probability)}."]
    if known and not new:
        sentences.append(f"All {len(known)} products on the list were bought before.")
    elif known:
        were = "was" if len(known) - len(new) == 1 else "were"
        sentences.append(f"{len(known) - len(new)} of the {len(known)} products on the list {were} bought before.")
    return "What goes into the next basket", tuple(sentences)


def _intents(rows: Rows, lines: Sequence[Line]) -> tuple[str, tuple[str, ...]]:
    horizon = rows[0].get("horizon_days", 28)
    sure = sum(1 for row in rows if (row.get("probability") or 0) >= 0.5)
    first = lines[0]
    if first.probability < UNLIKELY:
        sentence = (
            f"Nothing stands out: the likeliest within {horizon} days is {first.item}, {chance(first.probability)}"
        )
    else:
        sentence = f"Within {horizon} days the customer will {_adverb(first.probability)} buy {first.item}"
    sentence += f": {first.reasons[0]}." if first.reasons else "."
    counted = "no category is" if sure == 0 else "1 category is" if sure == 1 else f"{sure} categories are"
    return "What the customer intends to buy", (sentence, f"In all, {counted} more likely than not.")


_OF_ITEMS: dict[str, Callable[[Rows, Sequence[Line]], tuple[str, tuple[str, ...]]]] = {
    "next_basket": _basket,
    "purchase_intent": _intents,
}


def _health(row: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    horizon = row.get("horizon_days", 28)
    sentences = []
    if row.get("segment"):
        sentences.append(f"One of the segment “{row['segment']}”.")
    days = row.get("expected_days_to_next_visit")
    if days is not None:
        sentences.append(f"The next visit is expected {_in_days(days)}.")
    sentences.append(f"The chance of staying away for {horizon} days is {chance(row['probability'])}.")
    if row.get("spend_drop_probability") is not None:
        sentences.append(f"The chance that spend falls by more than half is {chance(row['spend_drop_probability'])}.")
    spend, low, high = (row.get(f"expected_spend_56d{end}") for end in ("", "_low", "_high"))
    if spend is not None:
        between = "" if low is None or high is None else f", 4 times in 5 between {low:,.0f} and {high:,.0f}"
        sentences.append(f"The next 56 days bring about {currency} {spend:,.0f}{between}.")
    reasons = reasons_of(row)
    if reasons:
        sentences.append(f"What the chance of staying away rests on: {'; '.join(reasons)}.")
    return tuple(sentences)


def _by_columns(family: Family, row: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    sentences = []
    for head in family.heads:
        value = row.get(head.name)
        if value is None:
            continue
        name = head.name.replace("_", " ")
        if head.kind is Kind.PROBABILITY:
            sentences.append(f"{name[:1].upper()}{name[1:]} within {head.horizon_days} days: {chance(value)}.")
        else:
            said = amount_text(value, unit_of(head.name, currency))
            sentences.append(f"{name[:1].upper()}{name[1:]}: {said}.")
    reasons = reasons_of(row)
    return (*sentences, f"Why: {'; '.join(reasons)}.") if reasons else tuple(sentences)


def _adverb(probability: float) -> str:
    steps = ((0.9, "almost certainly"), (0.7, "very likely"), (0.5, "probably"))
    return next((word for low, word in steps if probability >= low), "perhaps")


def _in_days(days: float) -> str:
    whole = max(round(days), 1)
    return "within a day" if whole == 1 else f"in about {whole} days" if whole < 365 else "in a year or more"
