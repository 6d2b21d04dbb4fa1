"""What every table must pass before its suite means anything.

Great Expectations passes an empty batch, and a `between` on a column of nulls. So each suite is
preceded by these, which no file can leave out; the number of expectations is asserted when the
file is read (``n_expectations``) and again when its results are counted.
"""

from __future__ import annotations

from nightmarket.quality.suites import SQL_TYPE, Expectation
from nightmarket.quality.tables import NUMBER, NUMBER_TYPES, columns_of
from nightmarket.sqltext import literal


def guards_of(border: str, table: str, relation: str) -> tuple[Expectation, ...]:
    """Return the guards of ``table``: it has rows, and exactly its columns with their types."""
    return (
        Expectation(
            type="expect_table_row_count_to_be_between",
            arguments={"min_value": 1},
            severity="stop",
            why="An empty table passes every other expectation.",
            expects="at least one row",
        ),
        Expectation(
            type=SQL_TYPE,
            arguments={"unexpected_rows_query": _wrong_columns(border, table, relation)},
            severity="stop",
            why="A column that is missing, new or of another type changes what everything after it means.",
            expects=f"exactly the {len(columns_of(border, table))} columns of {table}, with their types"
            + (", in their order" if border != "features" else ""),
        ),
    )


def _wrong_columns(border: str, table: str, relation: str) -> str:
    expected = ", ".join(
        f"({literal(name)}, {literal(type_name)}, {position})"
        for position, (name, type_name) in enumerate(columns_of(border, table).items(), 1)
    )
    number_types = literal(NUMBER_TYPES)
    order = "" if border == "features" else " or expected.position <> found.position"
    return (
        f"with expected (name, type, position) as (values {expected}), "
        "found as (select column_name as name, column_type as type, row_number() over () as position "
        f"from (describe select * from {relation})) "
        "select coalesce(expected.name, found.name) as wrong_column, "
        "coalesce(expected.type, 'no such column') as expected, "
        "coalesce(found.type, 'nothing') as got from expected full join found using (name) "
        "where expected.name is null or found.name is null "
        f"or (expected.type = {literal(NUMBER)} and split_part(found.type, '(', 1) not in {number_types}) "
        f"or (expected.type <> {literal(NUMBER)} and expected.type <> found.type){order}"
    )
