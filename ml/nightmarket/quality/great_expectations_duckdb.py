"""Great Expectations on a DuckDB connection that someone else opened.

Importing this module imports Great Expectations (about 2 s of CPU): import it where a check runs
and nowhere else.
"""

from __future__ import annotations

import contextlib
import enum
import io
import warnings
from collections.abc import Iterator
from typing import Any

import duckdb

from nightmarket.quality.deferred import defer

# Great Expectations imports them for expectations about distributions, which no suite holds: a third of its 3 s.
defer("altair", "scipy.stats")

with warnings.catch_warnings():
    # great_expectations 1.24.1 imports both; the ignore can go when it no longer does.
    warnings.filterwarnings("ignore", "module 'sre_(constants|parse)' is deprecated", DeprecationWarning)
    import great_expectations as gx
    from duckdb_engine import ConnectionWrapper
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.execution_engine import sqlalchemy_execution_engine as gx_engine
    from great_expectations.expectations.registry import get_expectation_impl


class _DuckDB(enum.Enum):
    """The dialect's name in the form in which Great Expectations lists dialects (``.value``, equal to its string)."""

    DUCKDB = "duckdb"

    def __eq__(self, other: object) -> bool:
        return other == self.value if isinstance(other, str) else other is self

    def __hash__(self) -> int:
        return hash(self.value)


class _Borrowed(ConnectionWrapper):  # type: ignore[misc]  # its package has no types
    """A connection that whoever opened it closes, not SQLAlchemy's pool."""

    def close(self) -> None:
        """Leave it open."""


@contextlib.contextmanager
def connection_kept_open() -> Iterator[None]:
    """Let Great Expectations read results before it closes their connection.

    As shipped (1.24.1) it leaves the connection of an unlisted dialect before ``fetchall``; with
    DuckDB every metric then fails with "list index out of range". Listing ``duckdb`` among the
    dialects whose connection persists mends it. The list is put back afterwards.
    ``tests/expectations/test_duckdb_mend.py`` fails when the mend is no longer needed.
    """
    shipped = gx_engine._PERSISTED_CONNECTION_DIALECTS
    gx_engine._PERSISTED_CONNECTION_DIALECTS = (*shipped, _DuckDB.DUCKDB)
    try:
        yield
    finally:
        gx_engine._PERSISTED_CONNECTION_DIALECTS = shipped


def build_expectation(type_name: str, arguments: dict[str, Any], **attributes: Any) -> Any:
    """Build a Great Expectations object.

    Raises
    ------
    LookupError
        There is no expectation of that type.
    ValueError
        The arguments do not fit it; the message says which.
    """
    try:
        implementation = get_expectation_impl(type_name)
    except ExpectationNotFoundError as error:
        raise LookupError(type_name) from error
    if unknown := sorted(set(arguments) - set(implementation.__fields__)):
        raise ValueError(f"it does not take {unknown[0]!r}")
    # Its classes print advice ("should contain the {batch} parameter"); stdout belongs to the command's JSON line.
    with contextlib.redirect_stdout(io.StringIO()):
        return implementation(**arguments, **attributes)


@contextlib.contextmanager
def open_context(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, Any]]:
    """Yield an ephemeral context and a data source on ``connection``; neither touches a file or the network."""
    with contextlib.redirect_stdout(io.StringIO()), connection_kept_open():
        # An ephemeral context lives in memory. 1.24.1 has no usage statistics at all; the switch is set for the
        # version that brings them back (tests/expectations shows that a check opens no socket).
        context = gx.get_context(mode="ephemeral")
        context.enable_analytics(False)
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql(
            "warehouse",
            connection_string="duckdb:///:memory:",
            kwargs={"creator": lambda: _Borrowed(connection)},
        )
        try:
            yield context, source
        finally:
            # Its pool would otherwise roll back at exit, when the connection is closed, and log that it could not.
            context.data_sources.all()["warehouse"].get_execution_engine().close()


def end_reading(connection: duckdb.DuckDBPyConnection) -> None:
    """End the transaction in which the last suite was read.

    SQLAlchemy leaves it open until it happens to be collected, and rolls it back then: with everything that was made
    on the connection meanwhile.
    """
    with contextlib.suppress(duckdb.TransactionException):  # where none is open
        connection.rollback()


def run_suite(context: Any, source: Any, name: str, batch_query: str, expectations: list[Any]) -> list[dict[str, Any]]:
    """Validate ``expectations`` on the rows of ``batch_query``; results come in the order asked.

    Each expectation carries its position in ``meta["position"]``, because Great Expectations
    returns them grouped by metric.
    """
    batch = source.add_query_asset(name=name, query=batch_query).add_batch_definition_whole_table("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    validation = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    result = validation.run(result_format={"result_format": "BASIC", "partial_unexpected_count": 5})
    by_position = {one.expectation_config.meta["position"]: one for one in result.results}
    return [
        {"success": one.success, "result": dict(one.result), "error": _error_of(one.exception_info)}
        for position in range(len(expectations))
        for one in [by_position[position]]
    ]


def _error_of(exception_info: dict[str, Any]) -> str | None:
    """Return the first line of what stopped the expectation from being evaluated, if anything did."""
    infos = [exception_info, *(part for part in exception_info.values() if isinstance(part, dict))]
    raised = [info for info in infos if info.get("raised_exception")]
    return str(raised[0]["exception_message"]).splitlines()[0] if raised else None
