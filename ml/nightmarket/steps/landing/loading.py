"""One load: every input file staged, settled, compared with what was known, and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from nightmarket.clock import start_of_day_utc
from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.errors import ContractBroken, InvalidSetting
from nightmarket.io.landing import NOT_PROVIDED, LandedTable, Snapshot
from nightmarket.settings import Settings
from nightmarket.sources.base import Feed, InputFile, Source
from nightmarket.sources.nights import check_recent
from nightmarket.steps.landing.arrivals import Arrivals, compare_with_known, known_relation
from nightmarket.steps.landing.rejecting import check_limit, write_rejected
from nightmarket.steps.landing.settling import Settled, Shop, settle, span_of_orders
from nightmarket.steps.landing.staging import Staged, open_bench, open_inputs, scalar, stage
from nightmarket.steps.landing.writing import write_accepted

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """What a night may be chosen from."""

    first_order: date
    complete_through: date
    timezone: str


@dataclass(frozen=True)
class _Context:
    """What every part of one load needs."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    source: Source
    shop: Shop
    known: Snapshot | None


@dataclass(frozen=True)
class Load:
    """What a load gave."""

    snapshot: Snapshot
    as_of_date: date
    rows_repeated: int
    ignored_columns: dict[str, list[str]]


def run_load(
    settings: Settings,
    source: Source,
    inputs: tuple[InputFile, ...],
    *,
    described: tuple[dict[str, Any], ...],
    timezone: str,
    known: Snapshot | None,
    choose_night: Callable[[Calendar], date],
) -> Load:
    """Land ``inputs`` on top of ``known`` and return the new snapshot, not yet recorded.

    Parameters
    ----------
    known : Snapshot, optional
        What was landed before. None: a first load, whose facts count as known when they happened.
    choose_night
        Turns what the data can carry into the night, or refuses; called before anything is written.

    Raises
    ------
    ContractBroken, SourceUnreadable, InvalidSetting, DateOutsideData, SourceStale
        Nothing is recorded then.
    """
    with open_bench(settings, inputs) as connection:
        feeds = source.feeds(open_inputs(connection, inputs, materialise=source.accumulates))
        staged = {
            feed.table: stage(connection, feed, timezone=timezone, may_be_empty=_may_be_empty(feed, known))
            for feed in feeds
        }
        _check_required(settings, source, staged, known)
        currency = _currency(connection, settings, source, orders=staged.get("order_lines"), known=known)
        context = _Context(connection, settings, source, Shop(timezone, currency), known)
        settled = _settle_all(context, staged)
        calendar = _calendar(context, has_orders="order_lines" in staged)
        as_of = choose_night(calendar)
        tables, repeated = {}, 0
        for name in (table.name for table in SHOP_CONTRACT):
            if name in settled:
                tables[name], n_repeated = _land_table(context, settled[name], as_of, calendar.complete_through)
                repeated += n_repeated
            else:
                tables[name] = _before(known, name)
    parts = [part for feed in feeds for part in feed.parts]
    ignored = {part.file: list(part.ignored_columns) for part in parts if part.ignored_columns}
    snapshot = Snapshot(
        source=source.name,
        timezone=timezone,
        currency=currency,
        complete_through=calendar.complete_through,
        stands_still=source.stands_still,
        tables=tables,
        inputs=(*(known.inputs if known else ()), *described),
    )
    return Load(snapshot, as_of, repeated, ignored)


def _land_table(context: _Context, settled: Settled, as_of: date, complete_through: date) -> tuple[LandedTable, int]:
    """Write one table; return it with what was known of it, and the number of rows that said nothing new."""
    connection, settings, shop = context.connection, context.settings, context.shop
    staged, name = settled.staged, settled.staged.table.name
    before = _before(context.known, name)
    arrivals = None
    if context.known is not None:
        at = start_of_day_utc(as_of, shop.timezone).replace(tzinfo=None) - timedelta(microseconds=1)
        arrivals = compare_with_known(connection, settings, staged, before, arrived_at=at)
    files = write_accepted(
        connection,
        settings,
        table=staged.table,
        relation=arrivals.relation if arrivals else f"accepted_{name}",
        shop=shop,
        complete_through=complete_through,
        spans=None if arrivals else settled.spans,
        keeps_order=staged.feed.keeps_order,
    )
    rejected = write_rejected(connection, settings, staged, known=before.quarantine_files)
    check_limit(settings, context.source, name, reasons=rejected.reasons_found, rows=staged.rows_read)
    repeated = scalar(connection, f"(select count(*) from repeated_{name})") + rejected.rows_repeated
    repeated += arrivals.rows_repeated if arrivals else 0
    rows_in = staged.rows_read - repeated
    load = LandedTable(
        provided=True,
        rows_in=rows_in,
        rows_accepted=sum(file.rows for file in files),
        rows_quarantined=sum(file.rows for file in rejected.files),
        files=files,
        quarantine_files=rejected.files,
        reasons=dict(rejected.reasons),
    )
    if load.rows_in != load.rows_accepted + load.rows_quarantined:
        raise ContractBroken(
            f"Got {load.rows_in} rows of {name} in, {load.rows_accepted} accepted and {load.rows_quarantined} "
            "quarantined but expected none to be lost. Nothing was landed; report this with the export."
        )
    return (_added(before, load, arrivals) if before.provided else load), repeated


def _added(before: LandedTable, load: LandedTable, arrivals: Arrivals | None) -> LandedTable:
    """Return ``before`` with a load on top; rows that the load replaced move to the quarantine."""
    replaced = arrivals.rows_replaced if arrivals else 0
    reasons = dict(before.reasons)
    for reason, count in load.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + count
    if replaced:
        reasons["superseded"] = reasons.get("superseded", 0) + replaced
    return LandedTable(
        provided=True,
        rows_in=before.rows_in + load.rows_in,
        rows_accepted=before.rows_accepted + load.rows_accepted - replaced,
        rows_quarantined=before.rows_quarantined + load.rows_quarantined + replaced,
        files=(*(arrivals.files if arrivals else before.files), *load.files),
        quarantine_files=(
            *before.quarantine_files,
            *load.quarantine_files,
            *(arrivals.quarantine_files if arrivals else ()),
        ),
        reasons=reasons,
    )


def _before(known: Snapshot | None, name: str) -> LandedTable:
    return known.table(name) if known else NOT_PROVIDED


def _may_be_empty(feed: Feed, known: Snapshot | None) -> bool:
    """A dated increment may bring nothing; a dump of a whole table may not."""
    return known is not None and known.table(feed.table).provided and all(part.is_increment for part in feed.parts)


def _check_required(settings: Settings, source: Source, staged: dict[str, Staged], known: Snapshot | None) -> None:
    missing = [
        table.name
        for table in SHOP_CONTRACT
        if table.required and table.name not in staged and not (known and known.table(table.name).provided)
    ]
    if missing:
        ignored = source.ignored_files(settings)
        more = f" and {len(ignored) - 10} more" if len(ignored) > 10 else ""
        beside = f" (it ignores {', '.join(ignored[:10])}{more})" if ignored else ""
        raise ContractBroken(
            f"Got no table {' and no table '.join(missing)} from the source {source.name}{beside} but expected "
            f"{', '.join(t.name for t in SHOP_CONTRACT if t.required)} at least. Export it as {missing[0]}.csv or "
            f"{missing[0]}.parquet; `nightmarket contract` gives its columns."
        )


def _currency(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    *,
    orders: Staged | None,
    known: Snapshot | None,
) -> str:
    stated = (settings.currency or (known.currency if known else None) or source.currency or "").strip().upper()
    if known is not None and stated != known.currency:
        raise InvalidSetting(
            f"Got NIGHTMARKET_CURRENCY={stated} but expected {known.currency}, in which the shop's history was landed. "
            "Set it back, or land into another NIGHTMARKET_VAR_DIR."
        )
    if stated:
        return stated
    found: list[str] = []
    if orders is not None and "currency" in orders.given:
        rows = connection.execute(
            "select distinct upper(currency) from typed_order_lines where currency is not null order by 1"
        ).fetchall()
        found = [row[0] for row in rows]
    if len(found) == 1:
        return found[0]
    got = f"amounts in {', '.join(found)}" if found else "order_lines without a currency"
    raise InvalidSetting(
        f"Got {got} and no setting but expected to know the shop's currency. Set NIGHTMARKET_CURRENCY to an ISO 4217 "
        "code, such as EUR."
    )


def _settle_all(context: _Context, staged: dict[str, Staged]) -> dict[str, Settled]:
    """Settle every table; exchange rates first, since order lines are converted with them."""
    connection, settings, shop, known = context.connection, context.settings, context.shop, context.known
    settled: dict[str, Settled] = {}
    relations = []
    if known is not None and known.tables["fx_rates"].files:
        relations.append(known_relation(settings, "fx_rates", known.tables["fx_rates"]))
    if "fx_rates" in staged:
        settled["fx_rates"] = settle(connection, staged["fx_rates"], shop, rates=None)
        relations.append("accepted_fx_rates")
    if relations:
        rates = " union all ".join(
            f"select currency, rate_date, rate, {nth} as nth from {relation}" for nth, relation in enumerate(relations)
        )
        connection.execute(
            "create temp table rates as select upper(currency) as currency, rate_date, arg_max(rate, nth) as rate "
            f"from ({rates}) where rate > 0 group by all"
        )
    for name, table in staged.items():
        if name != "fx_rates":
            settled[name] = settle(connection, table, shop, rates="rates" if relations else None)
    return settled


def _calendar(context: _Context, *, has_orders: bool) -> Calendar:
    connection, settings, shop, known = context.connection, context.settings, context.shop, context.known
    relations = ["accepted_order_lines"] if has_orders else []
    if known is not None:
        relations.append(known_relation(settings, "order_lines", known.tables["order_lines"]))
    spans = [span for relation in relations if (span := span_of_orders(connection, relation, shop))]
    if not spans:
        raise ContractBroken(
            "Got order_lines of which no row keeps the contract but expected orders. `nightmarket contract` shows the "
            "formats of its columns."
        )
    stated = context.source.complete_through(settings)
    newest = max(newest for _, newest in spans)
    complete_through = stated or newest - _DAY
    last = newest if newest <= complete_through else _last_order(context, relations, through=complete_through)
    check_recent(complete_through, last_order=last, is_stated=stated is not None)
    return Calendar(min(first for first, _ in spans), complete_through, shop.timezone)


def _last_order(context: _Context, relations: list[str], *, through: date) -> date | None:
    """Return the newest order's date up to ``through``."""
    orders = " union all ".join(f"select ordered_at from {relation}" for relation in relations)
    after = start_of_day_utc(through + _DAY, context.shop.timezone).replace(tzinfo=None)
    span = span_of_orders(context.connection, f"({orders}) where ordered_at < timestamp '{after}'", context.shop)
    return span[1] if span else None
