"""Values and names as SQL text: the one place that knows how they are quoted.

For what cannot be bound: DDL, file lists, names, queries that a person will paste. Bind whatever can be bound.
"""

from __future__ import annotations

from datetime import date
from typing import Any


def literal(value: Any) -> str:
    """Return ``value`` as a SQL literal: text and dates quoted, a list as ``(a, b)``, numbers as they are."""
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(literal(part) for part in value) + ")"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def identifier(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
