"""Which tables cross each border, and the columns and types that they must have there."""

from __future__ import annotations

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.families import FAMILIES

BORDERS = ("landed", "features", "scores")

TABLES: dict[str, tuple[str, ...]] = {
    "landed": tuple(CONTRACT_TABLES),
    "features": tuple(name for name, family in FAMILIES.items() if family.feature_view is not None),
    "scores": tuple(FAMILIES),
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
    return {"landed": f"raw.{table}", "scores": f"scores.{table}"}[border]


def columns_of(border: str, table: str) -> dict[str, str]:
    """Return the columns that ``table`` must have at ``border``, in order, with their DuckDB types."""
    if border == "landed":
        return {column.name: column.type for column in CONTRACT_TABLES[table].columns}
    family = FAMILIES[table]
    if border == "features":
        return {
            "snapshot_id": "VARCHAR",
            "as_of_date": "DATE",
            **dict.fromkeys(family.key_names, "VARCHAR"),
            **dict.fromkeys(family.columns, NUMBER),
        }
    return {column.name: column.type for column in family.table.columns}
