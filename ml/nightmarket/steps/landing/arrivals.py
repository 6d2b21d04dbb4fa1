"""Later loads: which rows say something new, and when they count as known.

A row that repeats the newest known version of its key is not a new arrival. What is new arrives a
microsecond before the night of its load begins, so that this night sees it and no earlier night does;
what happened later than that (an export holds the first hours of the open day) arrives when it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.io.landing import LandedFile, LandedTable, landed_relation
from nightmarket.settings import Settings
from nightmarket.steps.landing.settling import content_sql
from nightmarket.steps.landing.staging import Staged, scalar
from nightmarket.steps.landing.writing import sort_columns, write_file


@dataclass(frozen=True)
class Arrivals:
    """The new rows of a later load, in ``relation``, and what becomes of the files landed before."""

    relation: str
    rows_repeated: int
    rows_replaced: int
    files: tuple[LandedFile, ...]
    """The files landed before; those that held a replaced row are written again without it."""
    quarantine_files: tuple[LandedFile, ...]
    """The replaced rows."""


def known_relation(settings: Settings, name: str, table: LandedTable) -> str:
    """Return SQL that reads the landed files of the table called ``name``."""
    return landed_relation(settings, CONTRACT_TABLES[name], table.files)


def compare_with_known(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    staged: Staged,
    known: LandedTable,
    *,
    arrived_at: datetime,
) -> Arrivals:
    """Find what ``accepted_<table>`` adds to the ``known`` rows, into the table ``fresh_<table>``.

    Parameters
    ----------
    arrived_at : datetime
        When a new row without an arrival of its own counts as known (UTC, naive).
    """
    table, name = staged.table, staged.table.name
    given = [c.name for c in table.given_columns if c.name != "arrived_at"]
    columns = ", ".join(f"a.{column}" for column in given)
    keys = ", ".join(table.key)
    at = f"timestamp '{arrived_at:%Y-%m-%d %H:%M:%S.%f}'"
    happened = table.column(table.event_column).derived_from if table.event_column else None
    at_earliest = f"greatest({at}, a.{happened})" if happened else at
    if known.files:
        relation = landed_relation(settings, table, known.files)
        versions = f"select {keys}, arrived_at, {content_sql(table)} as content from {relation}"
    else:
        versions = f"select {keys}, arrived_at, hash(0) as content from accepted_{name} where false"
    connection.execute(f"create temp table known_{name} as {versions}")
    connection.execute(
        f"""
        create temp table fresh_{name} as
        with newest as (
            select {keys}, max(arrived_at) as arrived_at, arg_max(content, arrived_at) as content
            from known_{name} group by {keys}
        ),
        new_rows as (select *, {content_sql(table)} as content from accepted_{name})
        select
            {columns},
            -- The same key and arrival with another content is a correction that kept its old arrival: it arrives now.
            case
                when a.arrived_at is not null and same.content is null then a.arrived_at
                when newest.arrived_at > {at} then newest.arrived_at + interval 1 microsecond
                else {at_earliest}
            end as arrived_at,
            coalesce(a.content = newest.content or a.content = same.content, false) as _is_repeated
        from new_rows as a
        left join newest on {_equal("a", "newest", table.key)}
        left join known_{name} as same
            on {_equal("a", "same", table.key)} and a.arrived_at = same.arrived_at
        """
    )
    repeated = scalar(connection, f"(select count(*) from fresh_{name} where _is_repeated)")
    connection.execute(f"delete from fresh_{name} where _is_repeated")
    connection.execute(
        f"create temp table replaced_{name} as select distinct {', '.join('k.' + k for k in table.key)}, k.arrived_at "
        f"from known_{name} as k semi join fresh_{name} as f on {_equal('k', 'f', table.key)} "
        "and k.arrived_at = f.arrived_at"
    )
    replaced = scalar(connection, f"(select count(*) from replaced_{name})")
    files, set_aside = _without_replaced(connection, settings, staged, known.files) if replaced else (known.files, ())
    return Arrivals(f"fresh_{name}", repeated, replaced, files, set_aside)


def _without_replaced(
    connection: duckdb.DuckDBPyConnection, settings: Settings, staged: Staged, files: tuple[LandedFile, ...]
) -> tuple[tuple[LandedFile, ...], tuple[LandedFile, ...]]:
    """Write the files that hold replaced rows again without them; nothing that is named elsewhere is touched.

    Only a second load of one night comes here: both versions would arrive at the same microsecond.
    """
    table, name = staged.table, staged.table.name
    match = f"replaced_{name} as r on {_equal('k', 'r', table.key)} and k.arrived_at = r.arrived_at"
    kept: list[LandedFile] = []
    touched: list[LandedFile] = []
    for file in files:
        source = landed_relation(settings, table, (file,))
        if scalar(connection, f"(select count(*) from {source} as k semi join {match})") == 0:
            kept.append(file)
            continue
        touched.append(file)
        by = ", ".join(sort_columns(table))
        select = f"select k.* from {source} as k anti join {match} order by {by}"
        kept.extend(write_file(connection, settings, name, select))
    text = ", ".join(f"cast(k.{c.name} as varchar) as {c.name}" for c in table.columns)
    affected = landed_relation(settings, table, touched)
    select = f"select 'superseded' as reason, {text} from {affected} as k semi join {match} order by all"
    return tuple(kept), write_file(connection, settings, f"quarantine.{name}", select)


def _equal(left: str, right: str, key: tuple[str, ...]) -> str:
    return " and ".join(f"{left}.{column} = {right}.{column}" for column in key)
