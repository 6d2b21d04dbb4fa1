"""Read what the morning report says of a family: its served rows, its model, what came of earlier nights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from nightmarket.families.base import Family, Head, Kind
from nightmarket.io import served_figures as figures
from nightmarket.report.axes import round_numbers
from nightmarket.report.movers import SumsByNight, in_both_nights, rank_movers, tell_apart, trace_sums
from nightmarket.report.promises import read_promises
from nightmarket.report.sections import (
    PROBABILITY_EDGES,
    Breakdown,
    Distribution,
    FamilySection,
    HeadSection,
    PublishedTable,
    Query,
    ScoredRow,
    Share,
    Totals,
)
from nightmarket.report.telling import reasons_of
from nightmarket.report.wording import unit_of
from nightmarket.sqltext import literal

HISTORY_NIGHTS, DISTRIBUTION_NIGHTS, LEDGER_NIGHTS = 10, 6, 12
N_MOVERS, N_TOP_ITEMS, N_TOP_ROWS, N_QUERY_ROWS, N_REASONS, MAX_VALUES = 6, 10, 10, 5, 8, 12


@dataclass(frozen=True)
class Served:
    """The store as the report reads it: every family's nights up to the reported one, and what items are called."""

    connection: duckdb.DuckDBPyConnection
    as_of: date
    currency: str
    nights: Mapping[str, Sequence[date]]
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By key (``category_id``), id → name."""

    def names_of(self, family: Family) -> Mapping[str, str]:
        """Return the names of what a family's second key means."""
        return self.names.get(family.key_names[1], {}) if len(family.keys) > 1 else {}


def describe_scores(served: Served, family: Family, section: FamilySection, table: PublishedTable) -> dict[str, Any]:
    """Return the parts of a family's section that come from its served rows, up to this night and none after it."""
    connection, as_of = served.connection, served.as_of
    recent = list(served.nights[family.name])[-HISTORY_NIGHTS:]
    before = recent[-2] if len(recent) > 1 else None
    names = served.names_of(family)
    sums: SumsByNight = figures.read_sums(connection, family, "customer_id", recent)
    items = []
    if len(family.keys) == 1:
        sums = in_both_nights(sums, recent)
    else:
        items = trace_sums(figures.read_sums(connection, family, family.key_names[1], recent), recent, names)
    items_up, items_down = rank_movers(items, N_MOVERS)
    customers_up, customers_down = rank_movers(trace_sums(sums, recent, {}), N_MOVERS)
    promises = read_promises(figures.read_ledger(connection, family, as_of))
    reasons = [Share(*one) for one in figures.read_reasons(connection, family, as_of)]
    return {
        "published": table,
        "night_before": before,
        "totals": Totals(*figures.read_totals(connection, family, as_of)),
        "heads": tuple(
            _head_section(served, family, head, known, recent, promises.get(head.name, ())[:LEDGER_NIGHTS])
            for head, known in zip(family.heads, section.heads, strict=True)
        ),
        "breakdowns": tuple(_breakdowns(served, family)),
        "reasons": (*reasons[:N_REASONS], *_rest(reasons[N_REASONS:])),
        "top_rows": tuple(
            _scored_row(family, row, names) for row in figures.read_top(connection, family, as_of, N_TOP_ROWS)
        ),
        "top_items": tuple(tell_apart(items, N_TOP_ITEMS)),
        "items_up": items_up,
        "items_down": items_down,
        "customers_up": customers_up,
        "customers_down": customers_down,
        "query": _ask(served, family),
    }


def _head_section(  # noqa: PLR0917 - all of them are what a head is shown with
    served: Served,
    family: Family,
    head: Head,
    known: HeadSection,
    recent: Sequence[date],
    promises: tuple[Any, ...],
) -> HeadSection:
    connection, as_of = served.connection, served.as_of
    tonight = figures.read_head(connection, family, head, as_of)
    edges = _edges(served, family, head)
    shown = list(reversed(recent[-DISTRIBUTION_NIGHTS:])) if tonight.n_rows else []
    return HeadSection(
        name=head.name,
        is_amount=known.is_amount,
        horizon_days=head.horizon_days,
        meaning=next((one.description for one in family.predictions if one.name == head.name), ""),
        unit=unit_of(head.name, served.currency) if known.is_amount else "",
        n_rows=tonight.n_rows,
        total=tonight.total,
        total_before=figures.read_head(connection, family, head, recent[-2]).total if len(recent) > 1 else None,
        mean_low=tonight.mean_low,
        mean_high=tonight.mean_high,
        edges=edges,
        distributions=tuple(
            Distribution(night, figures.read_distribution(connection, family, head.name, night, edges))
            for night in shown
        ),
        evaluation=known.evaluation,
        promises=promises,
    )


def _edges(served: Served, family: Family, head: Head) -> tuple[float, ...]:
    """Return the edges of a head's distribution; an amount's are the round numbers between its extremes."""
    if head.kind is Kind.PROBABILITY:
        return PROBABILITY_EDGES
    found = figures.read_quantiles(served.connection, family, head.name, served.as_of, (0.05, 0.95, 1.0))
    if not found or found[1] <= 0:
        return (0.0, 1.0)
    low, high, most = found
    inner = round_numbers(max(low, high / 200), high)
    return (0.0, *inner, max(round_numbers(most, 10 * most)[0], 2 * inner[-1] if inner else 1.0))


def _breakdowns(served: Served, family: Family) -> list[Breakdown]:
    """Return the published columns of words or flags that have but a few values."""
    found = []
    for column in family.predictions:
        if column.type not in ("VARCHAR", "BOOLEAN"):
            continue
        values = figures.read_values(served.connection, family, column.name, served.as_of)
        if 1 < len(values) <= MAX_VALUES:
            words = {"true": "yes", "false": "no"} if column.type == "BOOLEAN" else {}
            shares = tuple(Share(words.get(value, value), n) for value, n in values)
            found.append(Breakdown(column.name, column.description, shares))
    return found


def _rest(reasons: Sequence[Share]) -> tuple[Share, ...]:
    return (Share("all others", sum(one.n_rows for one in reasons)),) if reasons else ()


def _scored_row(family: Family, row: Mapping[str, Any], names: Mapping[str, str]) -> ScoredRow:
    item = row[family.key_names[1]] if len(family.keys) > 1 else None
    return ScoredRow(
        row["customer_id"],
        names.get(item, item) if item is not None else None,
        float(row[family.primary.name] or 0.0),
        reasons_of(row),
    )


def _ask(served: Served, family: Family) -> Query:
    shown = ", ".join(column.name for column in family.predictions if column.type != "DOUBLE")
    numbers = ", ".join(f"round({head.name}, 3) as {head.name}" for head in family.heads)
    sql = (
        f"select {', '.join(family.key_names)}, {numbers},{f' {shown},' if shown else ''} reason_1\n"
        f"from {family.score_table}_history\nwhere as_of_date = date {literal(served.as_of.isoformat())}\n"
        f"order by {family.primary.name} desc, {', '.join(family.key_names)}\nlimit {N_QUERY_ROWS};"
    )
    rows = figures.read_dicts(served.connection, sql)
    columns = tuple(rows[0]) if rows else ()
    return Query(family.title, sql, columns, tuple(tuple(row.values()) for row in rows))
