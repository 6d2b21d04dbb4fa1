"""The shop contract in words: what ``nightmarket contract`` prints and ``docs/contract.md`` holds."""

from __future__ import annotations

from nightmarket.contracts import SHOP_CONTRACT, Column, Table
from nightmarket.sources.base import FEWEST_BAD_ROWS
from nightmarket.sources.validation import GREATEST_NUMBER

_FORMATS = {
    "VARCHAR": "text",
    "DATE": "date (`2024-05-31`)",
    "TIMESTAMP": "instant, UTC (`2024-05-31 18:04:00`; an offset such as `+02:00` is applied)",
    "DECIMAL(18,4)": "number, 4 decimals",
    "DECIMAL(18,8)": "number, 8 decimals",
    "DECIMAL(9,4)": "number, 4 decimals",
    "INTEGER": "whole number",
    "BOOLEAN": "`true` or `false`",
}

_INTRODUCTION = f"""\
# The shop contract

<!-- Generated from ml/nightmarket/contracts/shop.py by `make docs`. -->

What a shop delivers, and all it has to know to use Nightmarket. `order_lines` and `products` must be there; every other
table may be left out and is then empty. Columns that are not marked *required* may be left out too; columns that the
contract does not know are ignored and reported. [Your own shop](your-own-shop.md) says how to deliver the tables as
files.

Text is trimmed, and empty text counts as missing. Instants are UTC, dates are days of the shop's time zone; an
instant without a time of day is the start of that day in the shop's time zone. Amounts are in one currency, the shop's;
amounts and quantities (the numbers of 4 decimals) lie between -{GREATEST_NUMBER:,} and {GREATEST_NUMBER:,}. Rows that
break the contract go to `quarantine.<table>` with a reason: `missing_required`, `bad_type:<column>`,
`non_finite:<column>`, `out_of_range:<column>`, `negative:<column>`, `duplicate_key`, `superseded`, `foreign_currency`,
`unreadable_line:<fault>`. More than 1 % of them (`NIGHTMARKET_QUARANTINE_LIMIT_PCT`) stop the night, if there are at
least {FEWEST_BAD_ROWS}.
"""


def render_contract_markdown() -> str:
    """Return the contract as the page ``docs/contract.md``."""
    return "\n".join([_INTRODUCTION, *(_section(table) for table in SHOP_CONTRACT)])


def _section(table: Table) -> str:
    needed = "Must be there." if table.required else "May be left out."
    lines = [
        f"## {table.name}",
        "",
        f"{table.description} {needed} Key: {', '.join(f'`{name}`' for name in table.key)}.",
        "",
        "| column | type | | what it is |",
        "|---|---|---|---|",
        *(_row(column) for column in table.given_columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    notes = ["required"] if column.required else []
    if column.non_negative:
        notes.append("≥ 0")
    if column.default not in (None, "''"):
        notes.append(f"default {column.default}")
    return f"| `{column.name}` | {_FORMATS[column.type]} | {', '.join(notes)} | {column.description} |"
