"""SQL that types the rows of a part and names what is wrong with them. Builders only: nothing is run here.

Each row gets at most one reason, the first that holds, in this order: ``missing_required``, then per column
``non_finite:<column>``, ``bad_type:<column>``, ``out_of_range:<column>``, ``negative:<column>``. ``duplicate_key``,
``superseded`` and ``foreign_currency`` depend on other rows and come later, in landing.
"""

from __future__ import annotations

from collections.abc import Mapping

from nightmarket.contracts import COUNT, DATE, FLAG, INSTANT, MONEY, QUANTITY, TEXT, Column, Table
from nightmarket.sqltext import identifier

REASON, PART, ROW, KEY, SOURCE = "_reason", "_part", "_row", "_key", "_source"
"""Columns beside the contract's: what is wrong, which part and row it came from, a hash of the key, and the row as it
was given."""
OWN_COLUMNS = (ROW, KEY)
"""What a part may give of them: its place in the file, and a hash that is equal exactly when the key is."""

QUARANTINE_COLUMNS = ("reason", "unreadable_text")
"""What the quarantine says of a row, before the row's own columns: no column of a source may bear these names."""

GREATEST_NUMBER = 10**9
"""Amounts and quantities beyond it, either way, are typing errors or codes in the wrong column.

One of them would bend every sum and average it enters, and some of them overflow a sum of 18 digits."""

_TEXT_TYPES = ("VARCHAR",)
_FLOATS = ("FLOAT", "DOUBLE")


def typed_select(
    table: Table,
    part: int,
    relation: str,
    given: Mapping[str, str],
    *,
    kept: tuple[str, ...],
    version_key: tuple[str, ...],
    day_starts: Mapping[str, str],
) -> str:
    """Return a ``select`` of the given contract columns in their contract types, with reason and source.

    Parameters
    ----------
    relation : str
        The view of a part, whose columns are those of ``given``.
    given : mapping of column name to DuckDB type
        What the part has; contract columns it lacks become their default or NULL.
    kept : tuple of str
        Every source column of all parts of the table, in one order, so that parts can be stacked.
    version_key : tuple of str
        What tells two rows of the table apart.
    day_starts : mapping of column name to SQL
        For instants that are given as plain dates: the UTC timestamp at which the day of ``day_column`` begins.
    """
    typed = {column.name: _typed(column, given, day_starts) for column in table.given_columns}
    columns = [f"{value} as {name}" for name, value in typed.items()]
    key = KEY if KEY in given else f"hash({', '.join(typed[name] for name in version_key)})"
    if day_starts:
        days = ", ".join(f"{_plain_day(name, given[name])} as {day_column(name)}" for name in day_starts)
        relation = f"(select *, {days} from {relation})"
    source = ", ".join(f"{identifier(name)} := {_as_text(name, given)}" for name in kept)
    return (
        f"select {', '.join(columns)}, {_reason(table, given)} as {REASON}, {part} as {PART}, "
        f"{ROW if ROW in given else 0} as {ROW}, {key} as {KEY}, struct_pack({source}) as {SOURCE} "
        f"from {relation}"
    )


def unparsable_counts(table: Table, relation: str, given: Mapping[str, str]) -> str:
    """Return a ``select`` of, for each given column that needs a cast: values, bad values, and one bad value."""
    counts = []
    for column in table.given_columns:
        if column.name not in given or column.type == TEXT or not _needs_cast(column, given[column.name]):
            continue
        bad = f"({_bad(column, given[column.name])})"
        counts.append(
            f"struct_pack(name := '{column.name}', given := count(*) filter ({_present(column.name, given)}), "
            f"bad := count(*) filter ({bad}), example := min(cast({column.name} as varchar)) filter ({bad}))"
        )
    return f"select [{', '.join(counts)}] from {relation}" if counts else "select []"


def plain_day_spans(table: Table, relation: str, given: Mapping[str, str]) -> str:
    """Return a ``select`` of, for each given instant that may hold plain dates: its name, and their first and last."""
    spans = []
    for column in table.given_columns:
        if column.type == INSTANT and given.get(column.name) in (*_TEXT_TYPES, DATE):
            day = _plain_day(column.name, given[column.name])
            spans.append(f"struct_pack(name := '{column.name}', first := min({day}), last := max({day}))")
    return f"select [{', '.join(spans)}] from {relation}" if spans else "select []"


def day_column(name: str) -> str:
    """Return the name under which the plain dates of the instant ``name`` stand beside it."""
    return f"_day_{name}"


def out_of_range(number: str) -> str:
    """Return SQL for whether ``number`` is beyond what a shop can mean."""
    return f"abs({number}) > {GREATEST_NUMBER}"


def _typed(column: Column, given: Mapping[str, str], day_starts: Mapping[str, str]) -> str:
    if column.name not in given:
        value = f"cast(null as {column.type})"
    elif column.default == "''" and given[column.name] in _TEXT_TYPES:
        return f"coalesce(trim({column.name}), '')"
    else:
        value = _cast(column, given[column.name], day_starts.get(column.name))
    return value if column.default is None else f"coalesce({value}, cast({column.default} as {column.type}))"


def _cast(column: Column, given: str, day_start: str | None = None) -> str:
    name = column.name
    if column.type == TEXT:
        return _text(name, given)
    if not _needs_cast(column, given):
        return name
    if column.type == INSTANT:
        return _instant(name, given, day_start)
    if column.type == DATE and given in _TEXT_TYPES:
        # A date with a time of day is a wrong type, not a date.
        return f"case when length(trim({name})) <= 10 then try_cast({name} as date) end"
    if column.type == COUNT and given not in ("INTEGER", "SMALLINT", "TINYINT"):
        # A cast would round 3.7 to 4.
        number = f"try_cast({name} as double)"
        return f"case when {number} = floor({number}) then try_cast({name} as integer) end"
    return f"try_cast({name} as {column.type})"


def _instant(name: str, given: str, day_start: str | None) -> str:
    value = f"trim({name})" if given in _TEXT_TYPES else name
    # A cast to TIMESTAMP would silently drop the offset of `2024-01-01 10:00:00+02`.
    # Years that Python's calendar does not hold are garbled; a day is left at both ends for the shop's time zone.
    instant = f"cast(try_cast({value} as timestamptz) as timestamp)"
    instant = f"case when year({instant}) between 2 and 9998 then {instant} end"
    if day_start is None:
        return instant
    # Midnight UTC of a plain date is the evening before in New York.
    return f"case when {day_column(name)} is not null then {day_start} else {instant} end"


def _plain_day(name: str, given: str) -> str:
    """Return SQL for the date of an instant that is given without a time of day; NULL where it has one."""
    day = f"try_cast({name} as date)"
    has_day = f"year({day}) between 2 and 9998"
    if given in _TEXT_TYPES:
        has_day = f"length(trim({name})) <= 10 and try_cast(trim({name}) as timestamptz) is not null and {has_day}"
    return f"case when {has_day} then {day} end"


def _text(name: str, given: str) -> str:
    if given in _TEXT_TYPES:
        return f"nullif(trim({name}), '')"
    if given in _FLOATS:
        # pandas turns whole numbers with gaps into floats: 17850.0 is the customer 17850.
        whole = f"{name} = floor({name}) and abs({name}) < 1e15"
        return f"case when {whole} then cast(cast({name} as bigint) as varchar) else cast({name} as varchar) end"
    return f"cast({name} as varchar)"


def _reason(table: Table, given: Mapping[str, str]) -> str:
    missing = [f"not ({_present(c.name, given)})" for c in table.given_columns if c.required and c.name in given]
    whens = [f"when {' or '.join(missing)} then 'missing_required'"] if missing else []
    for column in table.given_columns:
        if column.name not in given or column.type == TEXT:
            continue
        kind = given[column.name]
        finite = _not_finite(column, kind)
        if finite:
            whens.append(f"when {finite} then 'non_finite:{column.name}'")
        if _needs_cast(column, kind):
            whens.append(f"when {_bad(column, kind)} then 'bad_type:{column.name}'")
        if column.type in (MONEY, QUANTITY):
            whens.append(f"when {out_of_range(_cast(column, kind))} then 'out_of_range:{column.name}'")
        if column.non_negative:
            whens.append(f"when {_cast(column, kind)} < 0 then 'negative:{column.name}'")
    return f"case {' '.join(whens)} end" if whens else "cast(null as varchar)"


def _present(name: str, given: Mapping[str, str]) -> str:
    return f"coalesce(trim({name}) <> '', false)" if given[name] in _TEXT_TYPES else f"{name} is not null"


def _needs_cast(column: Column, given: str) -> bool:
    """Whether a value can be wrong; an instant of the right type still has its year to show."""
    return given != column.type or column.type == INSTANT


def _bad(column: Column, kind: str) -> str:
    if not _needs_cast(column, kind):
        return "false"
    return f"{_present(column.name, {column.name: kind})} and {_cast(column, kind)} is null"


def _not_finite(column: Column, kind: str) -> str | None:
    if column.type == FLAG:
        return None
    if kind in _FLOATS:
        return f"{column.name} is not null and not isfinite({column.name})"
    if kind in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE") and column.type in (DATE, INSTANT):
        return f"{column.name} is not null and not isfinite({column.name})"
    if kind in _TEXT_TYPES:
        target = {DATE: "timestamp", INSTANT: "timestamp"}.get(column.type, "double")
        return f"not isfinite(try_cast({column.name} as {target}))"
    return None


def _as_text(name: str, given: Mapping[str, str]) -> str:
    return f"cast({identifier(name)} as varchar)" if name in given else "cast(null as varchar)"
