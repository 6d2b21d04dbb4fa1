"""Which tables cross each border, and the columns and types that they must have there."""

from __future__ import annotations

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.decisions import DECISIONS
from nightmarket.families import FAMILIES, PREDICTIONS, SERVED_TABLES

BORDERS = ("landed", "features", "scores", "decisions")

TABLES: dict[str, tuple[str, ...]] = {
    "landed": tuple(CONTRACT_TABLES),
    "features": tuple(name for name, family in FAMILIES.items() if family.feature_view is not None),
    "scores": tuple(table.name.removeprefix("scores.") for one in PREDICTIONS.values() for table in one.tables),
    "decisions": tuple(DECISIONS),
}

NUMBER = "a number"
"""Stands for any numeric type: models read features as numbers, whatever their width."""

NUMBER_TYPES = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "FLOAT",
    "DOUBLE",
    "BOOLEAN",
    "DECIMAL",
)


def relation_of(border: str, table: str) -> str:
    """Return the name under which people know the table that is checked."""
    if border == "features":
        view = FAMILIES[table].feature_view
        assert view is not None  # noqa: S101 - TABLES has only families with one
        return view
    return f"raw.{table}" if border == "landed" else f"{border}.{table}"


def columns_of(border: str, table: str) -> dict[str, str]:
    """Return the columns that ``table`` must have at ``border``, in order, with their DuckDB types."""
    if border == "landed":
        return {column.name: column.type for column in CONTRACT_TABLES[table].columns}
    if border == "features":
        family = FAMILIES[table]
        return {
            "snapshot_id": "VARCHAR",
            "as_of_date": "DATE",
            **dict.fromkeys(family.key_names, "VARCHAR"),
            **family.row_columns,
            **dict.fromkeys(family.columns, NUMBER),
        }
    return {column.name: column.type for column in SERVED_TABLES[f"{border}.{table}"].columns}
