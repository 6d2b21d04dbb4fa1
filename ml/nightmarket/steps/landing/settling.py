"""Landing: staged tables become immutable Parquet files, and every row of the source is accounted for.

A row is accepted, quarantined with a reason, or (for sources whose files come and go) *repeated*: it says
what was known already and is neither. ``rows_in = accepted + quarantined`` leaves the repeated out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date

import duckdb

from nightmarket.clock import local_date
from nightmarket.contracts import MONEY, Table
from nightmarket.errors import ContractBroken
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.landing import LandedFile
from nightmarket.settings import Settings
from nightmarket.sources.base import FEWEST_BAD_ROWS, Source
from nightmarket.sources.validation import KEY, PART, REASON, ROW, SOURCE, literal, out_of_range, quoted
from nightmarket.sources.zones import local_date_sql, start_of_day_sql
from nightmarket.steps.landing.csv_lines import rejects_of
from nightmarket.steps.landing.staging import Staged, columns_of, scalar

_SORTED_BY = {"order_lines": ("customer_id", "order_date", "order_line_id", "arrived_at")}
"""Files are sorted so that they are the same on every run: order lines as features read them, the others by key."""

_KEYS_AT_ONCE = 8_000_000

_EPOCH = date(1970, 1, 1)

_COUNTED_APART = ("superseded",)
"""Reasons that are no fault of the data and do not count towards the quarantine limit."""


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
    n_bad, spans = _survey(connection, table, judged, with_reasons=True)
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


def _find_twice(connection: duckdb.DuckDBPyConnection, staged: Staged, judged: str, fine: str) -> None:
    """Leave the hashes of the keys that occur more than once in ``twice_<table>``; only those rows are compared.

    One hash aggregate over integers, in as many passes as keep it small: 20 million keys at once take a gigabyte.
    """
    name = staged.table.name
    connection.execute(f"create temp table twice_{name} ({KEY} ubigint)")
    passes = 1 + staged.rows_read // _KEYS_AT_ONCE
    for number in range(passes):
        share = f" and {KEY} % {passes} = {number}" if passes > 1 else ""
        connection.execute(
            f"insert into twice_{name} select {KEY} from {judged} where {fine}{share} "
            f"group by {KEY} having count(*) > 1"
        )


def span_of_orders(connection: duckdb.DuckDBPyConnection, relation: str, shop: Shop) -> tuple[date, date] | None:
    """Return the local dates of the first and the newest order, None where there is none."""
    row = connection.execute(f"select min(ordered_at), max(ordered_at) from {relation}").fetchone()
    if row is None or row[0] is None:
        return None
    first, newest = (local_date(instant.replace(tzinfo=UTC), shop.timezone) for instant in row)
    return first, newest


def write_accepted(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    table: Table,
    relation: str,
    shop: Shop,
    spans: Mapping[str, tuple[date, date]] | None = None,
    keeps_order: bool = False,
) -> tuple[LandedFile, ...]:
    """Derive local dates and arrival, and write ``relation`` as one Parquet file (none where it is empty).

    A NULL ``arrived_at`` becomes the instant of the row's event: what a first load counts as known.
    """
    if spans is None:
        _, spans = _survey(connection, table, relation, with_reasons=False)
    columns = ", ".join(f"{_finished(column.name, table, shop, spans)} as {column.name}" for column in table.columns)
    order = "" if keeps_order else f" order by {', '.join(sort_columns(table))}"
    return write_file(connection, settings, table.name, f"select {columns} from {relation}{order}")


@dataclass(frozen=True)
class Rejected:
    """The rows of a load that break the contract."""

    files: tuple[LandedFile, ...]
    """Those that were not in the quarantine yet."""
    reasons: Mapping[str, int]
    reasons_found: Mapping[str, int]
    """With those that an earlier dump of the table brought too."""

    @property
    def rows_repeated(self) -> int:
        return sum(self.reasons_found.values()) - sum(self.reasons.values())


def write_rejected(
    connection: duckdb.DuckDBPyConnection, settings: Settings, staged: Staged, *, known: tuple[LandedFile, ...] = ()
) -> Rejected:
    """Write what is quarantined, with its reason and every column of the source as text; count the reasons.

    Parameters
    ----------
    known : tuple of LandedFile
        The quarantine so far. A dump brings its bad rows every day: they are set aside once.
    """
    name = staged.table.name
    source = ", ".join(f"{SOURCE}.{quoted(column)} as {quoted(column)}" for column in staged.kept)
    rejected = f"select reason, cast(null as varchar) as unreadable_text, {source} from rejected_{name}"
    for relation in staged.unreadable:
        rejected += (
            " union all by name select 'unreadable_line:' || fault as reason, text as unreadable_text "
            f"from {rejects_of(relation.sql)}"
        )
    connection.execute(f"create temp table quarantine_{name} as {rejected}")
    found = _count_reasons(connection, name)
    if found and known:
        paths = ", ".join(literal(str(settings.landing_dir / file.path)) for file in known)
        quarantine = f"read_parquet([{paths}], union_by_name = true)"
        ours, theirs = columns_of(connection, f"quarantine_{name}"), columns_of(connection, quarantine)
        # Exports gain and lose columns: one that only one side has must be empty there.
        same = [f"q.{quoted(c)} is not distinct from {f'k.{quoted(c)}' if c in theirs else 'null'}" for c in ours]
        same += [f"k.{quoted(c)} is null" for c in theirs if c not in ours]
        connection.execute(f"delete from quarantine_{name} as q using {quarantine} as k where {' and '.join(same)}")
    reasons = _count_reasons(connection, name)
    # Sorted by everything, so that the file is the same on every run.
    select = f"select * from quarantine_{name} order by all"
    files = write_file(connection, settings, f"quarantine.{name}", select) if reasons else ()
    return Rejected(files, reasons, found)


def _count_reasons(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    counts = connection.execute(f"select reason, count(*) from quarantine_{name} group by 1 order by 1").fetchall()
    return {reason: int(count) for reason, count in counts}


def write_file(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: str, select: str
) -> tuple[LandedFile, ...]:
    """Write the rows of ``select`` to ``files/<folder>/<sha256>.parquet``; no rows, no file."""
    target = settings.landing_dir / "files" / folder
    target.mkdir(parents=True, exist_ok=True)
    beside = target / f".writing.{os.getpid()}"
    try:
        row = connection.execute(
            f"copy ({select}) to {literal(str(beside))} (format parquet, compression zstd)"
        ).fetchone()
        rows = int(row[0]) if row else 0
        if rows == 0:
            return ()
        digest = sha256_of_file(beside)
        final = target / f"{digest}.parquet"
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
    return (LandedFile(str(final.relative_to(settings.landing_dir)), digest, rows),)


def check_limit(settings: Settings, source: Source, table: str, *, reasons: Mapping[str, int], rows: int) -> None:
    """Refuse a table of which too large a share is quarantined.

    Parameters
    ----------
    rows : int
        All rows that ``reasons`` were found among. For a dump that is read again they are the whole dump's: the few
        that are new or changed would make one bad row a large share.

    Raises
    ------
    ContractBroken
        At least ``FEWEST_BAD_ROWS`` are bad, and their share is above the adapter's limit for the table, else above
        ``quarantine_limit_pct``.
    """
    faults = {reason: n for reason, n in reasons.items() if reason not in _COUNTED_APART}
    own = source.quarantine_limits.get(table)
    limit = own.percent if own else settings.quarantine_limit_pct
    n_bad = sum(faults.values())
    share = 100 * n_bad / max(rows, 1)
    if share > limit and n_bad >= FEWEST_BAD_ROWS:
        worst = ", ".join(f"{reason} × {n}" for reason, n in sorted(faults.items(), key=lambda item: -item[1])[:5])
        raise ContractBroken(
            f"Got {n_bad} of {rows} rows of {table} that break the contract "
            f"({share:.2f} %: {worst}) but expected at most {limit:g} %. Mend the export, or raise "
            "NIGHTMARKET_QUARANTINE_LIMIT_PCT if these rows may be left out."
        )


def sort_columns(table: Table) -> tuple[str, ...]:
    """Return what a landed file of ``table`` is sorted by: a total order."""
    return _SORTED_BY.get(table.name, (*table.key, "arrived_at"))


def content_sql(table: Table) -> str:
    """Return SQL that is equal for two rows that say the same, whenever they arrived."""
    return f"hash({', '.join(c.name for c in table.given_columns if c.name != 'arrived_at')})"


def _survey(
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
    spans = {name: (row[2 * i + 1] or _EPOCH, row[2 * i + 2] or _EPOCH) for i, name in enumerate(spanned)}
    return int(row[0]), spans


def _finished(name: str, table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]]) -> str:
    column = table.column(name)
    if name == "arrived_at":
        return f"coalesce(arrived_at, {_event_instant(table, shop, spans)})"
    if name == "arrived_date":
        return (
            f"case when arrived_at is null then {_event_date(table, shop, spans)} "
            f"else {local_date_sql('arrived_at', shop.timezone, *spans['arrived_at'])} end"
        )
    if column.derived_from is not None:
        return local_date_sql(column.derived_from, shop.timezone, *spans[column.derived_from])
    return name


def _event_instant(table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]]) -> str:
    if table.event_column is None:
        return "timestamp '1970-01-01'"
    instant = table.column(table.event_column).derived_from
    return instant or start_of_day_sql(table.event_column, shop.timezone, *spans[table.event_column])


def _event_date(table: Table, shop: Shop, spans: Mapping[str, tuple[date, date]]) -> str:
    if table.event_column is None:
        return local_date_sql("timestamp '1970-01-01'", shop.timezone, _EPOCH, _EPOCH)
    instant = table.column(table.event_column).derived_from
    return local_date_sql(instant, shop.timezone, *spans[instant]) if instant else table.event_column


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
        _, span = _survey(connection, table, f"typed_{name}", with_reasons=False)
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
