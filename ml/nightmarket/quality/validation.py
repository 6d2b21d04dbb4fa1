"""Hold a suite against a table: guards first, then what its file says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from nightmarket.errors import SuiteInvalid
from nightmarket.quality.facts import fill
from nightmarket.quality.guards import guards_of
from nightmarket.quality.outcomes import FAILED, NOT_APPLICABLE, PASSED, WARNED, Outcome, SuiteOutcome
from nightmarket.quality.suites import SQL_TYPE, Expectation, Suite

_SHOWN = 5
"""Offending values or rows that are shown of each failed expectation."""


@dataclass(frozen=True)
class Batch:
    """What one suite is held against.

    ``relation`` is the table whose columns and types the guards look at; ``query`` gives the rows
    that the expectations see as ``{batch}`` (of the same table, unless a smaller one says as much).
    ``prepare`` makes what else they may read, right before they do: batches share those names.
    """

    suite: Suite
    relation: str
    query: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    provided: bool = True
    prepare: Callable[[], None] | None = None


def validate(connection: duckdb.DuckDBPyConnection, batches: list[Batch]) -> tuple[SuiteOutcome, ...]:
    """Validate each batch on ``connection``.

    A table that is not provided gets no outcomes; an expectation whose facts are unknown is not
    applicable; one that cannot be evaluated has failed, whatever its severity.

    Raises
    ------
    SuiteInvalid
        An expectation's type is unknown or its arguments do not fit; nothing was validated.
    """
    from nightmarket.quality.great_expectations_duckdb import open_context  # 2 s of CPU

    for batch in batches:
        check_types(batch.suite)
    with open_context(connection) as (context, source):
        return tuple(_validate_one(connection, context, source, batch) for batch in batches)


def check_types(suite: Suite) -> None:
    """Refuse a suite with an expectation that Great Expectations does not know.

    Raises
    ------
    SuiteInvalid
        A type or an argument is unknown.
    """
    from nightmarket.quality.great_expectations_duckdb import build_expectation

    for i, expectation in enumerate(suite.expectations, 1):
        where = f"{suite.name}.yaml, expectation {i} ({expectation.type})"
        stand_ins = dict.fromkeys(expectation.facts, 1)
        try:
            build_expectation(expectation.type, fill(expectation.arguments, stand_ins))
        except LookupError as error:
            raise SuiteInvalid(
                f"Got an unknown type in {where} but expected one of Great Expectations, such as "
                "expect_column_values_to_be_between. Correct its name."
            ) from error
        except (ValueError, TypeError) as error:
            raise SuiteInvalid(
                f"Got arguments that do not fit in {where} but expected those of its type: {error}. Correct them."
            ) from error


def _validate_one(connection: duckdb.DuckDBPyConnection, context: Any, source: Any, batch: Batch) -> SuiteOutcome:
    from nightmarket.quality.great_expectations_duckdb import build_expectation, end_reading, run_suite

    started, suite = time.perf_counter(), batch.suite
    outcomes: dict[int, Outcome] = {}
    if batch.prepare is not None:
        end_reading(connection)
        batch.prepare()
    if batch.provided:
        asked = (*guards_of(suite.border, suite.table, batch.relation), *suite.expectations)
        ready = []
        for position, expectation in enumerate(asked):
            unknown = sorted(name for name in expectation.facts if batch.facts.get(name) is None)
            if unknown:
                observed = f"nothing to compare with: ${', $'.join(unknown)} is unknown on this night"
                outcomes[position] = _outcome(expectation, NOT_APPLICABLE, observed)
            else:
                ready.append((position, expectation, fill(expectation.arguments, batch.facts)))
        built = [
            build_expectation(
                expectation.type,
                arguments,
                severity="critical" if expectation.severity == "stop" else "warning",
                description=expectation.expects,
                meta={"position": i, "why": expectation.why},
            )
            for i, (_, expectation, arguments) in enumerate(ready)
        ]
        results = run_suite(context, source, suite.name, batch.query, built)
        for (position, expectation, arguments), result in zip(ready, results, strict=True):
            outcomes[position] = _judge(connection, batch, expectation, arguments, result)
        if len(outcomes) != len(asked):
            raise AssertionError(f"{suite.name}: {len(asked)} expectations asked, {len(outcomes)} answered")
    return SuiteOutcome(
        name=suite.name,
        border=suite.border,
        table=suite.table,
        about=suite.about,
        outcomes=tuple(outcome for _, outcome in sorted(outcomes.items())),
        seconds=round(time.perf_counter() - started, 3),
    )


def _judge(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    expectation: Expectation,
    arguments: dict[str, Any],
    result: dict[str, Any],
) -> Outcome:
    if result["error"] is not None:
        return _outcome(expectation, FAILED, f"nothing, it could not be evaluated: {result['error']}")
    found = result["result"]
    if result["success"]:
        return _outcome(expectation, PASSED, _observed(found, expectation.type))
    status = FAILED if expectation.severity == "stop" else WARNED
    if expectation.type != SQL_TYPE:
        return _outcome(expectation, status, _observed(found, expectation.type))
    query = arguments["unexpected_rows_query"].format(batch=f"({batch.query})")
    offending = connection.execute(f"select * from ({query}) limit {_SHOWN}")
    names = [column[0] for column in offending.description or []]
    rows = [
        ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) for row in offending.fetchall()
    ]
    return _outcome(expectation, status, f"{found['observed_value']:,} offending: {'; '.join(rows)}")


def _observed(found: dict[str, Any], type_name: str) -> str:
    """Say in words what Great Expectations observed."""
    if "unexpected_percent" in found:
        count, rows = found.get("unexpected_count") or 0, found.get("element_count") or 0
        share = f"{count:,} of {rows:,} values unexpected"
        samples = list(dict.fromkeys(str(value) for value in found.get("partial_unexpected_list") or []))
        return f"{share} ({found['unexpected_percent'] or 0:.3g} %), such as {', '.join(samples)}" if count else share
    value = found.get("observed_value")
    if type_name == SQL_TYPE:
        return f"{value:,} offending rows"
    if value is None and "partial_unexpected_list" in found:
        return f"unexpected {found.get('partial_unexpected_list')}, missing {found.get('partial_missing_list')}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _outcome(expectation: Expectation, status: str, observed: str) -> Outcome:
    return Outcome(
        type=expectation.type,
        expects=expectation.expects,
        why=expectation.why,
        severity=expectation.severity,
        status=status,
        observed=observed,
    )
