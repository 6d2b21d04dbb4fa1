"""Deciding between the rows of one load: foreign currency, duplicates, versions that a later part replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date

import duckdb
import numpy as np
import pyarrow as pa

from nightmarket.clock import local_date
from nightmarket.contracts import MONEY, Table
from nightmarket.sources.validation import KEY, PART, REASON, ROW, SOURCE, out_of_range
from nightmarket.sources.zones import local_date_sql
from nightmarket.sqltext import literal
from nightmarket.steps.landing.staging import Staged, scalar

EPOCH = date(1970, 1, 1)

_KEYS_AT_ONCE = 32_000_000


@dataclass(frozen=True)
class Shop:
    """What landing must know about the shop to place facts in time and money."""

    timezone: str
    currency: str


@dataclass(frozen=True)
class Settled:
    """What ``settle`` leaves: the views ``accepted_<table>``, ``rejected_<table>`` and ``repeated_<table>``."""

    staged: Staged
    spans: Mapping[str, tuple[date, date]]
    """First and last day of every column of dates or instants."""


def settle(connection: duckdb.DuckDBPyConnection, staged: Staged, shop: Shop, *, rates: str | None) -> Settled:
    """Decide between rows of one load: foreign currency, duplicates, versions that a later part replaces.

    Parameters
    ----------
    rates : str, optional
        A relation with the rows of the contract's ``fx_rates``, where the shop gives them.
    """
    table, name = staged.table, staged.table.name
    judged = f"typed_{name}"
    if name == "order_lines":
        judged = _price(connection, staged, shop, rates)
    n_bad, spans = survey(connection, table, judged, with_reasons=True)
    given = ", ".join(c.name for c in table.given_columns)
    key = ", ".join(staged.version_key)
    # A filter that lets everything pass still costs seconds on 20 million rows.
    fine = f"{REASON} is null" if n_bad else "true"
    _find_twice(connection, staged, judged, fine)
    has_twice = scalar(connection, f"(select count(*) from twice_{name})") > 0
    connection.execute(
        f"""
        create temp table versions_{name} as
        with numbered as (
            select
                *,
                {content_sql(table)} as _content,
                row_number() over (partition by {key}, {PART} order by {ROW}, cast({SOURCE} as varchar)) as _nth
            from {judged} where {f"{fine} and {KEY} in (from twice_{name})" if has_twice else "false"}
        ),
        firsts as (
            select
                *,
                max({PART}) over (partition by {key}) as _last,
                arg_max(_content, {PART}) over (partition by {key}) as _last_content
            from numbered where _nth = 1
        )
        select {given}, {SOURCE}, 'duplicate_key' as _verdict from numbered where _nth > 1
        union all
        select {given}, {SOURCE}, case
            when {PART} = _last then 'accepted' when _content = _last_content then 'repeated' else 'superseded'
        end from firsts
        """
    )
    accepted = f"select {given} from {judged} where {fine}"
    if has_twice:
        accepted += (
            f" and {KEY} not in (from twice_{name})"
            f" union all select {given} from versions_{name} where _verdict = 'accepted'"
        )
    connection.execute(f"create view accepted_{name} as {accepted}")
    connection.execute(
        f"create view repeated_{name} as select {given} from versions_{name} where _verdict = 'repeated'"
    )
    faulty = f"{REASON} is not null" if n_bad else "false"
    connection.execute(
        f"create view rejected_{name} as select {REASON} as reason, {SOURCE} from {judged} where {faulty} "
        f"union all select _verdict, {SOURCE} from versions_{name} where _verdict in ('duplicate_key', 'superseded')"
    )
    return Settled(staged, spans)


def span_of_orders(connection: duckdb.DuckDBPyConnection, relation: str, shop: Shop) -> tuple[date, date] | None:
    """Return the local dates of the first and the newest order, None where there is none."""
    row = connection.execute(f"select min(ordered_at), max(ordered_at) from {relation}").fetchone()
    if row is None or row[0] is None:
        return None
    first, newest = (local_date(instant.replace(tzinfo=UTC), shop.timezone) for instant in row)
    return first, newest


def survey(
    connection: duckdb.DuckDBPyConnection, table: Table, relation: str, *, with_reasons: bool
) -> tuple[int, dict[str, tuple[date, date]]]:
    """Return, in one pass, the number of rows with a reason and the span of the columns that dates derive from."""
    names = {column.derived_from for column in table.columns if column.derived_from} | {table.event_column}
    spanned = [column.name for column in table.given_columns if column.name in names]
    # Parquet can hold years that Python cannot.
    first, last = (f"date '{day}'" for day in (date.min, date.max))
    bounds = [f"greatest(min({name})::date, {first}), least(max({name})::date, {last})" for name in spanned]
    n_bad = f"count({REASON})" if with_reasons else "0"
    row = connection.execute(f"select {', '.join([n_bad, *bounds])} from {relation}").fetchone() or (0,)
    spans = {name: (row[2 * i + 1] or EPOCH, row[2 * i + 2] or EPOCH) for i, name in enumerate(spanned)}
    return int(row[0]), spans


def content_sql(table: Table) -> str:
    """Return SQL that is equal for two rows that say the same, whenever they arrived."""
    return f"hash({', '.join(c.name for c in table.given_columns if c.name != 'arrived_at')})"


def _find_twice(connection: duckdb.DuckDBPyConnection, staged: Staged, judged: str, fine: str) -> None:
    """Leave the hashes of the keys that occur more than once in ``twice_<table>``; only those rows are compared.

    Sorted as one array, in as many passes as keep it small: grouping 20 million keys took DuckDB several times as long.
    """
    name = staged.table.name
    connection.execute(f"create temp table twice_{name} ({KEY} ubigint)")
    passes = 1 + staged.rows_read // _KEYS_AT_ONCE
    for number in range(passes):
        share = f" and {KEY} % {passes} = {number}" if passes > 1 else ""
        keys = np.asarray(connection.execute(f"select {KEY} from {judged} where {fine}{share}").fetchnumpy()[KEY])
        keys.sort()
        twice = np.unique(keys[1:][keys[1:] == keys[:-1]])
        if len(twice):
            connection.register("found_twice", pa.table({KEY: twice}))
            connection.execute(f"insert into twice_{name} from found_twice")
            connection.unregister("found_twice")


def _price(connection: duckdb.DuckDBPyConnection, staged: Staged, shop: Shop, rates: str | None) -> str:
    """Judge the currency of each row: convert where a rate is known, else reject; return the new view's name."""
    name, table = staged.table.name, staged.table
    view = f"priced_{name}"
    # Units have the type of amounts (docs/naming.md tells them apart) and no currency.
    money = [c.name for c in table.columns if c.type == MONEY and c.name.endswith("_amount")]
    home = literal(shop.currency)
    foreign = f"coalesce(upper(lines.currency), {home}) <> {home}"
    if rates is None or "currency" not in staged.given:
        rate, joined = "cast(null as double)", f"typed_{name} as lines"
    else:
        _, span = survey(connection, table, f"typed_{name}", with_reasons=False)
        day = local_date_sql("lines.ordered_at", shop.timezone, *span["ordered_at"])
        rate = "rates.rate"
        joined = (
            f"typed_{name} as lines asof left join {rates} as rates "
            f"on upper(lines.currency) = rates.currency and {day} >= rates.rate_date"
        )
    # 18 digits would hold no product above a million.
    products = {m: f"round(cast(lines.{m} as decimal(38, 4)) * {rate}, 4)" for m in money}
    converted = ", ".join(
        f"case when {foreign} then try_cast({product} as {MONEY}) else lines.{m} end as {m}"
        for m, product in products.items()
    )
    too_great = " ".join(
        f"when {foreign} and {out_of_range(product)} then 'out_of_range:{m}'" for m, product in products.items()
    )
    connection.execute(
        f"create view {view} as select lines.* replace ({converted}, {home} as currency, "
        f"coalesce(lines.{REASON}, case when {foreign} and {rate} is null then 'foreign_currency' {too_great} end) "
        f"as {REASON}) "
        f"from {joined}"
    )
    return view
