"""Rows that break the contract go to the quarantine with a reason, and every row of the source is accounted for.

A row is accepted, quarantined with a reason, or (for sources whose files come and go) *repeated*: it says
what was known already and is neither. ``rows_in = accepted + quarantined`` leaves the repeated out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from nightmarket.errors import ContractBroken
from nightmarket.io.landing import LandedFile
from nightmarket.settings import Settings
from nightmarket.sources.base import FEWEST_BAD_ROWS, Source
from nightmarket.sources.validation import SOURCE
from nightmarket.sqltext import identifier, literal
from nightmarket.steps.landing.csv_lines import rejects_of
from nightmarket.steps.landing.staging import Staged, columns_of
from nightmarket.steps.landing.writing import write_file

_COUNTED_APART = ("superseded",)
"""Reasons that are no fault of the data and do not count towards the quarantine limit."""


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
    source = ", ".join(f"{SOURCE}.{identifier(column)} as {identifier(column)}" for column in staged.kept)
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
        same = [
            f"q.{identifier(c)} is not distinct from {f'k.{identifier(c)}' if c in theirs else 'null'}" for c in ours
        ]
        same += [f"k.{identifier(c)} is null" for c in theirs if c not in ours]
        connection.execute(f"delete from quarantine_{name} as q using {quarantine} as k where {' and '.join(same)}")
    reasons = _count_reasons(connection, name)
    # Sorted by everything, so that the file is the same on every run.
    select = f"select * from quarantine_{name} order by all"
    files = write_file(connection, settings, f"quarantine.{name}", select) if reasons else ()
    return Rejected(files, reasons, found)


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


def _count_reasons(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    counts = connection.execute(f"select reason, count(*) from quarantine_{name} group by 1 order by 1").fetchall()
    return {reason: int(count) for reason, count in counts}
